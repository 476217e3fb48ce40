"""What the watch for drift goes without is told of, lest it pass for a model that never drifts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from include.domain.alerts import Alert, AlertKind
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.drift.ports import Unread


def announce_unread(
    unread: Sequence[Unread], night: date, *, now: datetime, alerts: AlertBook
) -> list[Alert]:
    """Post each thing that a night's watch could not read; return what is new.

    Raises:
        StoreError: the store cannot be reached.
    """
    found = [
        Alert(
            AlertKind.DRIFT_UNREAD,
            each.about,
            f"The watch for drift goes without what it cannot read of {each.about}",
            f"{each.reason}. {each.lost}",
            f"Put the object back that is named; the watch looks again every night. Night {night}.",
            now,
        )
        for each in unread
    ]
    return [alert for alert in found if alerts.post(alert)]
