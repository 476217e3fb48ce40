"""Watching for alerts, and sending them, as Airflow tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from airflow.sdk import Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from include.domain.alerts import AlertKind
from twolane_airflow.failures import failed_before

if TYPE_CHECKING:
    from include.config import Settings
    from include.domain.alerts import Alert
    from include.files.alert_rules import ChannelName
    from include.pipeline.alerts.notice import Notice
    from include.pipeline.alerts.ports import PostedAlert

BATCH_DAG_IDS = ("document_inference", "express_inference", "nightly_enterprise")
"""The DAGs that run batches. A run that the express path handed over is also one of the first."""

RELEASE_DAG_ID = "release_model"
RELEASE_KINDS = frozenset({AlertKind.RELEASE_WAITING, AlertKind.RELEASE_STOPPED})

DAG_KINDS = frozenset({AlertKind.RUN_LATE, AlertKind.RUN_FAILED})

PARAMS = {
    "trial": Param(
        False,
        type="boolean",
        title="Trial",
        description="Send a trial message on every connected channel first.",
    )
}


@task
def watch() -> list[str]:
    """Post what the product has noted, and queues that are too deep or too late; return the new.

    Raises:
        TwolaneError: a queue cannot be measured; the rest has been posted nevertheless.
    """
    from include.wiring.alerting import alerting

    app = alerting()
    return _told(app.watch_events()) + _told(app.watch_queues())


@task(trigger_rule="all_done")
def send(ti: Any = None, params: Any = None) -> dict[str, int]:
    """Send what is due on each connected channel; return how many were sent on each.

    Args:
        ti: the task instance, given by Airflow.
        params: the form's: with `trial` each channel is tried first.

    Raises:
        AirflowFailException: a channel did not take an alert; it is tried again later. Or not the
            trial message. Or the watch before failed, which the run would not show otherwise.
    """
    from include.wiring.alerting import alerting

    app = alerting()
    channels = connected(app.settings)
    failures = try_out(channels) if params["trial"] else []
    reports = app.send_alerts(channels, lambda posted: run_url(posted, ti))
    for report in reports:
        for title in report.sent:
            print(f"{report.channel}: {title}")  # noqa: T201
    failures += [f"{report.channel}: {report.failure}" for report in reports if report.failure]
    if why := failed_before("watch", ti):
        failures.append(why)
    if failures:
        raise AirflowFailException(" | ".join(failures))
    return {report.channel: len(report.sent) for report in reports}


def try_out(channels: Mapping[ChannelName, Callable[[Notice], None]]) -> list[str]:
    """Send a trial message on each channel; return the failures."""
    from include.domain.errors import AlertsUnavailable
    from include.pipeline.alerts.notice import Notice

    now = datetime.now(UTC).isoformat(timespec="seconds")
    trial = Notice(
        "trial", "channel", "Alerts arrive here", "A trial message.", "Nothing to be done.", now
    )
    failures = []
    for name, send_on in channels.items():
        try:
            send_on(trial)
        except AlertsUnavailable as exc:
            failures.append(f"{name}, trial: {exc}")
        else:
            print(f"{name}: trial message sent")  # noqa: T201
    if not channels:
        print("no channel is connected: docs/alerts.md says how")  # noqa: T201
    return failures


def connected(settings: Settings) -> dict[ChannelName, Callable[[Notice], None]]:
    """Return the channels that have an address, each with what sends a notice on it."""
    channels: dict[ChannelName, Callable[[Notice], None]] = {}
    if _has_slack():
        channels["slack"] = _to_slack
    if topic_arn := settings.alerts_topic_arn:
        channels["sns"] = lambda notice: _to_sns(notice, topic_arn)
    if to := [each.strip() for each in settings.alerts_email_to.split(",") if each.strip()]:
        channels["email"] = lambda notice: _to_email(notice, to)
    return channels


def run_url(posted: PostedAlert, ti: Any) -> str:
    """Return where an alert's run is seen in Airflow; empty for none.

    That is its batch's run, of a late or failed run those of its DAG, of a release the run that
    was judged.
    """
    from airflow.sdk.configuration import conf

    base = conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")
    subject = quote(posted.alert.subject, safe="")
    if posted.alert.kind in DAG_KINDS:
        return f"{base}/dags/{subject}/runs"
    if posted.alert.kind in RELEASE_KINDS:
        return f"{base}/dags/{RELEASE_DAG_ID}/runs/{subject}"
    if not posted.run_id:
        return ""
    for dag_id in BATCH_DAG_IDS:
        if ti.get_dr_count(dag_id=dag_id, run_ids=[posted.run_id]):
            return f"{base}/dags/{dag_id}/runs/{quote(posted.run_id, safe='')}"
    return f"{base}/dag_runs?{urlencode({'run_id_pattern': posted.run_id})}"


def _told(alerts: list[Alert]) -> list[str]:
    for alert in alerts:
        print(f"{alert.kind.value}: {alert.title}: {alert.detail}")  # noqa: T201
    return [alert.title for alert in alerts]


def _has_slack() -> bool:
    from airflow.sdk import BaseHook

    from twolane_airflow.notifiers.slack import CONNECTION_ID

    try:
        BaseHook.get_connection(CONNECTION_ID)
    except AirflowNotFoundException:
        return False
    return True


def _to_slack(notice: Notice) -> None:
    from twolane_airflow.notifiers.slack import SlackAlert

    SlackAlert(notice=asdict(notice)).notify({})


def _to_sns(notice: Notice, topic_arn: str) -> None:
    from twolane_airflow.notifiers.sns import SnsAlert

    SnsAlert(notice=asdict(notice), topic_arn=topic_arn).notify({})


def _to_email(notice: Notice, to: list[str]) -> None:
    from twolane_airflow.notifiers.email import EmailAlert

    EmailAlert(notice=asdict(notice), to=to).notify({})
