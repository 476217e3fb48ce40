"""AlertOutbox on PostgreSQL: table `alert_deliveries` beside `alerts`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from include.adapters.postgres.batches.read_store import storable
from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.alerts import Alert, AlertKind
from include.pipeline.alerts.ports import Patience, PostedAlert


class PostgresAlertOutbox:
    """An attempt is claimed by one statement, so that of two senders one makes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(
        self, channel: str, kinds: Collection[AlertKind], now: datetime, patience: Patience
    ) -> Sequence[PostedAlert]:
        """Return what is to be sent; see `AlertOutbox.due`."""
        values = {
            "channel": channel,
            "kinds": [kind.value for kind in kinds],
            "now": now,
            "since": now - patience.max_age,
            "max_attempts": patience.max_attempts,
            "limit": patience.limit,
        }
        with self._database.transaction(f"alerts for {channel}") as connection:
            rows = connection.execute(query("due_alerts"), values).fetchall()
        return [
            PostedAlert(number, Alert(AlertKind(kind), *words), run_id)
            for number, kind, *words, run_id in rows
        ]

    def claim(self, number: int, channel: str, now: datetime, patience: Patience) -> bool:
        """Count an attempt; see `AlertOutbox.claim`."""
        values = {
            "alert_id": number,
            "channel": channel,
            "now": now,
            "pause": patience.first_pause,
        }
        with self._database.transaction(f"alert {number} for {channel}") as connection:
            return connection.execute(query("claim_alert"), values).rowcount == 1

    def delivered(self, number: int, channel: str, now: datetime) -> None:
        """Note that it was taken; see `AlertOutbox.delivered`."""
        values = {"alert_id": number, "channel": channel, "now": now}
        with self._database.transaction(f"alert {number} on {channel}") as connection:
            connection.execute(query("alert_delivered"), values)

    def refused(self, number: int, channel: str, error: str) -> None:
        """Note why it was not; see `AlertOutbox.refused`."""
        values = {"alert_id": number, "channel": channel, "error": storable(error)}
        with self._database.transaction(f"alert {number} on {channel}") as connection:
            connection.execute(query("alert_refused"), values)
