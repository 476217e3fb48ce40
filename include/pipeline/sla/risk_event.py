"""What is noted and posted of a batch that will probably be late."""

from __future__ import annotations

from datetime import datetime, timedelta

from include.domain.alerts import Alert, AlertKind
from include.domain.sla.events import Action, SlaEvent, SlaKind
from include.domain.sla.forecast import Forecast
from include.domain.sla.remedies import Remedy
from include.pipeline.sla.look_at_batch import BatchLook
from include.pipeline.sla.ports import DueBatch


def risk_event(
    look: BatchLook,
    forecast: Forecast,
    due: DueBatch,
    now: datetime,
    chosen: Remedy | None,
    refusal: str,
) -> SlaEvent:
    """Return the event of a batch at risk.

    Args:
        chosen: what is done for it; None for nothing.
        refusal: why its budget let nothing be done; empty where it was not asked, or let it.
    """
    predicted_at = now + timedelta(seconds=forecast.left_s)
    late_s = (predicted_at - due.deadline_at).total_seconds()
    margin = f"{late_s:,.0f} s behind" if late_s > 0 else f"{-late_s:,.0f} s ahead of"
    detail = (
        f"{len(look.done_at)} of {len(look.shards)} shards done; "
        f"expected {margin} its deadline, late with probability {forecast.miss_probability:.2f}"
    )
    if forecast.pace > 1:
        detail += f"; the lane takes {forecast.pace:.1f} times what its curve says"
    return SlaEvent(
        due.batch_id,
        SlaKind.RISK,
        look.timeline.stage,
        now,
        detail + _doing(chosen, refusal),
        predicted_at,
        forecast.miss_probability,
        chosen.action if chosen else None,
    )


def _doing(chosen: Remedy | None, refusal: str) -> str:
    if chosen is None:
        return f"; nothing is done for it: {refusal}" if refusal else ""
    if chosen.action is Action.ADD_INSTANCES:
        return f"; it is given {chosen.instances} instances"
    return "; it leaves spot for on demand"


def risk_alert(event: SlaEvent, due: DueBatch) -> Alert:
    """Return the alert of a batch at risk."""
    step = (
        "Nothing: see whether it helps."
        if event.action
        else "Look at the batch's run: nothing more is done for it unasked."
    )
    return Alert(
        AlertKind.DEADLINE_RISK,
        event.batch_id,
        f"Batch {event.batch_id} of {due.account} may miss its deadline",
        f"{event.detail}. Due at {due.deadline_at.isoformat(timespec='seconds')}.",
        step,
        event.at,
        event.batch_id,
    )
