"""A batch that cannot be looked at: it is posted, and the others are looked at all the same."""

from __future__ import annotations

import logging
from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.domain.errors import ObjectMissing, RecordUnreadable
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.sla.ports import DueBatch

UNREADABLE = (ObjectMissing, RecordUnreadable)
"""What one batch's records are at fault for; whatever else goes wrong is every batch's."""

_LOG = logging.getLogger(__name__)


def post_unreadable(
    due: DueBatch, kind: AlertKind, said: str, reason: Exception, now: datetime, alerts: AlertBook
) -> None:
    """Post, and log, that a batch's records cannot be read; once while that goes on.

    Args:
        said: what is known of its deadline nevertheless, the end of a sentence about it.
    """
    alert = Alert(
        kind,
        f"{due.batch_id}/records",
        f"Batch {due.batch_id} of {due.account} {said}",
        f"Its records cannot be read: {reason}. "
        f"Due at {due.deadline_at.isoformat(timespec='seconds')}.",
        "Look at the object that is named, and at the batch's run; start it again if need be.",
        now,
        due.batch_id,
    )
    if alerts.post(alert):
        _LOG.warning("%s: %s", alert.title, alert.detail)
