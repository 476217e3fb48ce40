"""The tasks of `send_alerts`: which channels are connected, and where a link leads."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.domain.alerts import Alert, AlertKind
from include.domain.errors import AlertsUnavailable
from include.pipeline.alerts.ports import PostedAlert
from include.pipeline.alerts.send_alerts import ChannelReport
from twolane_airflow.tasks import alerts

ALERT = Alert(AlertKind.BUDGET, "s", "t", "", "n", datetime(2026, 3, 1, tzinfo=UTC), "b-1")


def settings(topic: str = "", to: str = "") -> SimpleNamespace:
    return SimpleNamespace(alerts_topic_arn=topic, alerts_email_to=to)


def test_a_channel_is_connected_by_its_address_alone(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_TWOLANE_SLACK", raising=False)
    assert alerts.connected(settings()) == {}
    assert set(alerts.connected(settings(topic="arn:aws:sns:r:0:t"))) == {"sns"}
    assert set(alerts.connected(settings(to=" ada@example.org, "))) == {"email"}

    monkeypatch.setenv("AIRFLOW_CONN_TWOLANE_SLACK", json.dumps({"conn_type": "http"}))
    assert set(alerts.connected(settings())) == {"slack"}


class Runs:
    """A task instance that knows of these runs, and how the watch of its own ended."""

    dag_id, run_id = "send_alerts", "scheduled__1"

    def __init__(self, *known: tuple[str, str], watch: str = "success") -> None:
        self._known = known
        self._watch = watch

    def get_task_states(
        self, dag_id: str, task_ids: list[str], run_ids: list[str]
    ) -> dict[str, dict[str, str]]:
        assert (dag_id, run_ids) == (self.dag_id, [self.run_id])
        return {self.run_id: dict.fromkeys(task_ids, self._watch)}

    def get_dr_count(self, dag_id: str, run_ids: list[str]) -> int:
        return sum((dag_id, run_id) in self._known for run_id in run_ids)


@pytest.mark.parametrize(
    ("run_id", "known", "path"),
    [
        ("", [], ""),
        (
            "manual__2026-03-01T00:00:00+00:00",
            [("nightly_enterprise", "manual__2026-03-01T00:00:00+00:00")],
            "/dags/nightly_enterprise/runs/manual__2026-03-01T00%3A00%3A00%2B00%3A00",
        ),
        (
            "queue-1",
            [("express_inference", "queue-1"), ("document_inference", "queue-1")],
            "/dags/document_inference/runs/queue-1",
        ),
        ("gone", [], "/dag_runs?run_id_pattern=gone"),
    ],
)
def test_the_link_leads_to_the_run_of_the_batch(monkeypatch, run_id, known, path):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/")

    found = alerts.run_url(PostedAlert(1, ALERT, run_id), Runs(*known))

    assert found == (path and f"https://airflow.example.org{path}")


@pytest.mark.parametrize("kind", [AlertKind.RUN_LATE, AlertKind.RUN_FAILED])
def test_the_link_of_a_late_or_failed_run_leads_to_the_runs_of_its_dag(monkeypatch, kind):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org")
    late = replace(ALERT, kind=kind, subject="watch_drift", batch_id=None)

    found = alerts.run_url(PostedAlert(1, late), Runs())

    assert found == "https://airflow.example.org/dags/watch_drift/runs"


def test_the_link_of_a_release_leads_to_the_run_that_waits(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org")
    run_id = "drift-news-topic-2026-03-01"
    waits = replace(ALERT, kind=AlertKind.RELEASE_WAITING, subject=run_id, batch_id=None)

    found = alerts.run_url(PostedAlert(1, waits), Runs())

    assert found == f"https://airflow.example.org/dags/release_model/runs/{run_id}"


class App:
    """An `Alerting` of which the first channel ended so."""

    settings = settings()

    def __init__(self, failure: str) -> None:
        self._failure = failure

    def send_alerts(self, channels, link):
        return [ChannelReport("slack", ("one",), self._failure), ChannelReport("sns", ("one",))]


def test_a_watch_that_failed_is_seen_in_airflow_once_what_is_due_is_sent(monkeypatch, capsys):
    monkeypatch.setattr("include.wiring.alerting.alerting", lambda: App(""))

    assert alerts.send.function(ti=Runs(), params={"trial": False}) == {"slack": 1, "sns": 1}
    with pytest.raises(AirflowFailException, match="task watch has failed"):
        alerts.send.function(ti=Runs(watch="failed"), params={"trial": False})
    assert capsys.readouterr().out.count("sns: one") == 2


def test_a_channel_that_fails_is_seen_in_airflow(monkeypatch):
    monkeypatch.setattr("include.wiring.alerting.alerting", lambda: App("HTTP 500"))

    with pytest.raises(AirflowFailException, match="slack: HTTP 500"):
        alerts.send.function(ti=Runs(), params={"trial": False})


def test_a_trial_tries_every_channel(monkeypatch):
    got = []

    def refuse(notice):
        raise AlertsUnavailable("no")

    failures = alerts.try_out({"slack": refuse, "sns": got.append})

    assert failures == ["slack, trial: no"]
    assert [notice.title for notice in got] == ["Alerts arrive here"]
