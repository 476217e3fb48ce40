"""AlertBook on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from include.adapters.postgres.batches.read_store import storable
from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.alerts import Alert

KEPT = timedelta(days=400)
"""An alert that was not seen for so long when another is added is deleted."""


class PostgresAlertBook:
    """Table `alerts`. Processes that post the same thing at the same time take turns.

    Args:
        quiet: an alert not seen for so long is over; the next is a new one.
    """

    def __init__(self, database: Database, *, quiet: timedelta) -> None:
        self._database = database
        self._quiet = quiet

    def post(self, alert: Alert) -> bool:
        """Keep an alert; see `AlertBook.post`."""
        values = {
            "kind": alert.kind.value,
            "subject": storable(alert.subject),
            "title": storable(alert.title),
            "detail": storable(alert.detail),
            "next_step": storable(alert.next_step),
            "batch_id": alert.batch_id,
            "at": alert.at,
            "quiet_since": alert.at - self._quiet,
        }
        about = f"alert {alert.kind.value} of {alert.subject!r}"
        with self._database.transaction(about) as connection:
            connection.execute(query("lock_alert_subject"), values)
            if connection.execute(query("count_alert"), values).fetchone():
                return False
            connection.execute(query("add_alert"), values)
            connection.execute(query("forget_alerts"), {"before": alert.at - KEPT})
        return True
