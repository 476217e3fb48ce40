"""Airflow's deadline alerts: what hears of a run that takes longer than it should.

Airflow looks at deadlines in the scheduler, every few seconds, and calls back in the triggerer, so
that a run that waits because no worker is free is told of all the same. They are marked
experimental in Airflow 3.3; docs/deadlines.md says how they were seen to fire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference


async def post_run_late(*, context: Mapping[str, Any]) -> bool:
    """Post that a run is late; Airflow calls it with the run and the deadline it missed."""
    return await asyncio.to_thread(_post, context["dag_run"], context["deadline"])


def _post(dag_run: Mapping[str, Any], deadline: Mapping[str, Any]) -> bool:
    from include.wiring.watch import watch

    due_at = deadline["deadline_time"]
    if isinstance(due_at, str):
        due_at = datetime.fromisoformat(due_at)
    return watch().report_late_run(dag_run["dag_id"], dag_run["dag_run_id"], due_at)


def late_after(interval: timedelta) -> list[DeadlineAlert]:
    """Return a DAG's deadline: a run that is not done so long after it was queued is late.

    Counted from the queue, since runs that were asked for by REST or by an event have no date.
    """
    return [
        DeadlineAlert(
            name="late",
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=interval,
            callback=AsyncCallback(post_run_late),
        )
    ]
