"""Report: each deadline that was missed, once, with the stage that ate the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from include.domain.alerts import Alert, AlertKind
from include.domain.sla.events import SlaEvent, SlaKind
from include.domain.sla.stages import Stage
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.sla.look_at_batch import look_at_batch
from include.pipeline.sla.ports import DueBatch, SlaBook
from include.pipeline.sla.unreadable import UNREADABLE, post_unreadable

LOOK_BACK = timedelta(days=7)
"""Misses from before are no news: a watch that begins does not report a store's whole history."""


def report_misses(
    layout_of: Callable[[str], BatchLayout],
    *,
    now: datetime,
    loading_documents_per_s: float,
    objects: ObjectStore,
    book: SlaBook,
    alerts: AlertBook,
) -> list[SlaEvent]:
    """Report the batches whose deadline has passed unmet; return what is new.

    Of one whose records cannot be read nobody can say which stage ate the time: it is posted, and
    looked at again.
    """
    found = []
    for due in book.unreported_misses(now - LOOK_BACK, now):
        try:
            look = look_at_batch(
                layout_of(due.batch_id),
                submitted_at=due.submitted_at,
                closed_at=due.closed_at,
                loading_documents_per_s=loading_documents_per_s,
                objects=objects,
            )
        except UNREADABLE as exc:
            said = "missed its deadline"
            post_unreadable(due, AlertKind.DEADLINE_MISSED, said, exc, now, alerts)
            continue
        until = due.closed_at or now
        stage = look.timeline.eaten_by(until)
        took = look.timeline.seconds(until)
        event = SlaEvent(due.batch_id, SlaKind.MISS, stage, now, _detail(due, stage, took, now))
        alerts.post(_alert(event, due))  # first: what is noted is not looked at again
        if book.note(event):
            found.append(event)
    return found


def _detail(due: DueBatch, stage: Stage, took: dict[Stage, float], now: datetime) -> str:
    late_s = ((due.closed_at or now) - due.deadline_at).total_seconds()
    parts = ", ".join(f"{each.value} {seconds:,.0f} s" for each, seconds in took.items())
    match due.state:
        case "failed":
            ended = f"failed: {due.message}"
        case "running":
            ended = f"still runs, {late_s:,.0f} s behind its deadline"
        case _:
            ended = f"ended {late_s:,.0f} s behind its deadline"
    return f"{ended}; {stage.value} ate the time ({parts})"


def _alert(event: SlaEvent, due: DueBatch) -> Alert:
    step = {
        Stage.PULL: "See whether runs wait for a slot: Airflow's pools, and the account's cap.",
        Stage.LANE: "See the lane's jobs in the task's log, and include.cli.lane_health.",
    }.get(event.stage, f"See the log of the run's task for stage {event.stage.value}.")
    return Alert(
        AlertKind.DEADLINE_MISSED,
        event.batch_id,
        f"Batch {event.batch_id} of {due.account} missed its deadline",
        event.detail,
        step,
        event.at,
        event.batch_id,
    )
