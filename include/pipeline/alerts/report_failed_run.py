"""Report: a run that the schedule began has failed, and nobody sits beside it."""

from __future__ import annotations

from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.pipeline.alerts.ports import AlertBook


def report_failed_run(
    dag_id: str, run_id: str, reason: str, *, now: datetime, alerts: AlertBook
) -> bool:
    """Post that a run has failed after all its tries; return whether it is news.

    A DAG is told of once while its runs keep failing.

    Args:
        reason: the task that failed, and what it said.

    Raises:
        StoreError: the store cannot be reached.
    """
    return alerts.post(
        Alert(
            AlertKind.RUN_FAILED,
            dag_id,
            f"A run of {dag_id} has failed",
            f"Run {run_id}: {reason}",
            "The failed task's log in Airflow has more. What is not done is left to the DAG's next "
            "run, or clear the task once what is named is mended.",
            now,
        )
    )
