"""What is done of a task that has failed for good."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.exceptions import AirflowFailException

from include.domain.alerts import AlertKind
from include.pipeline.alerts.report_failed_run import report_failed_run
from tests.support.batches import NOW
from tests.support.fakes.alerts import FakeAlertBook
from twolane_airflow.failures import close_as_failed


class Product:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.book = FakeAlertBook()

    def fail(self, batch_id: str, reason: str) -> None:
        self.told.append(("batch", batch_id, reason))

    def record_run_failure(self, run_id: str, reason: str, *, is_final: bool) -> None:
        self.told.append(("message", run_id, reason, is_final))

    def report_failed_run(self, dag_id: str, run_id: str, reason: str) -> None:
        report_failed_run(dag_id, run_id, reason, now=NOW, alerts=self.book)


@pytest.fixture
def product(monkeypatch) -> Product:
    found = Product()
    monkeypatch.setattr("include.wiring.batches.bootstrap.twolane", lambda: found)
    monkeypatch.setattr("include.wiring.alerting.alerting", lambda: found)
    return found


def failed(run_id: str, run_type: DagRunType, batch_id: str | None, error: Exception) -> None:
    ti = SimpleNamespace(
        dag_id="watch_drift",
        task_id="judge",
        run_id=run_id,
        map_index=-1,
        xcom_pull=lambda task_ids, key=None, map_indexes=None: None if key else batch_id,
    )
    close_as_failed({"ti": ti, "dag_run": SimpleNamespace(run_type=run_type), "exception": error})


def test_a_scheduled_run_that_failed_is_an_alert_once_a_dag(product):
    failed("scheduled__1", DagRunType.SCHEDULED, None, ValueError("no answer"))
    failed("scheduled__2", DagRunType.SCHEDULED, "b-1", ValueError("no answer"))

    (alert,) = product.book.posted
    assert (alert.kind, alert.subject) == (AlertKind.RUN_FAILED, "watch_drift")
    assert alert.detail == "Run scheduled__1: judge: no answer"
    assert product.told == [("batch", "b-1", "judge: no answer")]


def test_of_a_run_that_somebody_asked_for_they_are_told_themselves(product):
    failed("manual__1", DagRunType.MANUAL, "b-1", ValueError("no answer"))
    failed("queue-7", DagRunType.MANUAL, None, AirflowFailException("poison"))

    assert product.book.posted == []
    assert product.told == [
        ("batch", "b-1", "judge: no answer"),
        ("message", "queue-7", "judge: poison", True),
    ]
