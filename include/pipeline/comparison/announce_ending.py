"""A comparison that has ended is told of: it may take days, and nobody sits beside it."""

from __future__ import annotations

from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.domain.comparison.comparison import Comparison, Ending
from include.pipeline.alerts.ports import AlertBook


def announce_ending(
    comparison: Comparison, ending: Ending, report_uri: str, *, now: datetime, alerts: AlertBook
) -> bool:
    """Post what a comparison found; return whether that is new.

    Args:
        now: the alert's time, though it has ended before: what is old is sent to nobody.

    Raises:
        StoreError: the store cannot be reached.
    """
    name, kind = comparison.model_name, comparison.plan.kind.value
    if ending.finding.speaks_for_it:
        next_step = (
            f"Read {report_uri}; compare_challenger with the action promote on {name} makes it the "
            "champion."
        )
    else:
        next_step = f"The champion stays. Read {report_uri} before the next try."
    return alerts.post(
        Alert(
            AlertKind.COMPARISON_ENDED,
            comparison.comparison_id,
            f"The {kind} of {comparison.challenger.label} has ended: {ending.finding.value}",
            ending.reason,
            next_step,
            now,
        )
    )
