"""From the events of a queue's asset to runs, one a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, AssetWatcher, task

from include.domain.queues.lane_class import LaneClass
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.operators.start_run import StartRun
from twolane_airflow.triggers.queue import QueueTrigger

HAND_OVER_DAG_ID = "document_inference"
"""Where a run of the express path may go on, under the same id."""

INTAKE_ARGS = DEFAULT_ARGS | {"retry_delay": timedelta(seconds=1), "pool": "intake"}


def queue_asset(lane_class: LaneClass) -> Asset:
    """Return the asset of a queue: an event of it carries batches that were admitted."""
    trigger = QueueTrigger(lane_class.value)
    return Asset(
        f"twolane-{lane_class.value}-queue",
        watchers=[AssetWatcher(name=f"{lane_class.value}_queue", trigger=trigger)],
    )


def start_runs(dag_id: str) -> None:
    """Wire the tasks of an intake: read the events, then start a run for each batch."""
    StartRun.partial(
        task_id="start",
        trigger_dag_id=dag_id,
        logical_date=None,
        skip_when_already_exists=True,
    ).expand_kwargs(task(read_events)(dag_id))


def read_events(
    dag_id: str, triggering_asset_events: Any = None, ti: Any = None
) -> list[dict[str, Any]]:
    """Return the runs to start, once each; one that has ended without a commit is written off."""
    wanted = {run["run_id"]: run for run in _runs(triggering_asset_events)}
    return [
        {"trigger_run_id": run_id, "conf": run["conf"]}
        for run_id, run in wanted.items()
        if not run["is_again"] or _is_missing(dag_id, run_id, ti)
    ]


def _runs(triggering_asset_events: Mapping[Any, Any]) -> Iterator[dict[str, Any]]:
    for events in triggering_asset_events.values():
        for event in events:
            yield from event.extra["payload"]["runs"]


def _is_missing(dag_id: str, run_id: str, ti: Any) -> bool:
    """Whether a run that was granted before was never started."""
    from include.wiring.batches.bootstrap import twolane

    if not ti.get_dr_count(dag_id=dag_id, run_ids=[run_id]):
        return True
    at_work = sum(
        ti.get_dr_count(dag_id=each, run_ids=[run_id], states=["queued", "running"])
        for each in {dag_id, HAND_OVER_DAG_ID}
    )
    if not at_work:
        # Changes nothing where the batch has committed, or its failure is known.
        reason = f"run {run_id} ended and left no word of its batch"
        twolane().record_run_failure(run_id, reason, is_final=False)
    return False
