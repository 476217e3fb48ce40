"""Report: a run of a DAG that takes longer than it should, whatever it does."""

from __future__ import annotations

from datetime import UTC, datetime

from include.domain.alerts import Alert, AlertKind
from include.pipeline.alerts.ports import AlertBook


def report_late_run(
    dag_id: str, run_id: str, due_at: datetime, *, now: datetime, alerts: AlertBook
) -> bool:
    """Post that a run was not done when it was due; return whether it is news.

    A DAG is told of once while its runs keep being late: what holds up one holds up the next.
    """
    return alerts.post(
        Alert(
            AlertKind.RUN_LATE,
            dag_id,
            f"A run of {dag_id} is late",
            f"Run {run_id} was to be done by {due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC.",
            "Open the DAG's runs in Airflow: see which task waits, and for what.",
            now,
        )
    )
