"""SlaBook on PostgreSQL, beside the batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.accounts import Tier
from include.domain.sla.events import Action, SlaEvent, SlaKind
from include.domain.sla.objectives import WeekOfTier
from include.domain.sla.stages import Stage
from include.pipeline.sla.ports import DueBatch


class PostgresSlaBook:
    """Tables `batches` and `sla_events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def running(self) -> Sequence[DueBatch]:
        """Return the batches that run; see `SlaBook.running`."""
        with self._database.transaction("running batches") as connection:
            rows = connection.execute(query("due_batches")).fetchall()
        return [DueBatch(row[0], row[1], Tier(row[2]), *row[3:]) for row in rows]

    def unreported_misses(self, since: datetime, now: datetime) -> Sequence[DueBatch]:
        """Return late batches nobody heard of; see `SlaBook.unreported_misses`."""
        with self._database.transaction("missed deadlines") as connection:
            values = {"since": since, "now": now}
            rows = connection.execute(query("unreported_misses"), values).fetchall()
        return [DueBatch(row[0], row[1], Tier(row[2]), *row[3:]) for row in rows]

    def note(self, event: SlaEvent) -> bool:
        """Keep an event; see `SlaBook.note`."""
        values = {
            "batch_id": event.batch_id,
            "kind": event.kind.value,
            "predicted_at": event.predicted_at,
            "miss_probability": event.miss_probability,
            "action": event.action.value if event.action else "",
            "stage": event.stage.value,
            "detail": event.detail,
            "at": event.at,
        }
        with self._database.transaction(f"deadline of {event.batch_id}") as connection:
            return connection.execute(query("note_sla_event"), values).fetchone() is not None

    def events(self, batch_id: str) -> Sequence[SlaEvent]:
        """Return what happened to a deadline; see `SlaBook.events`."""
        with self._database.transaction(f"deadline of {batch_id}") as connection:
            values = {"batch_id": batch_id}
            rows = connection.execute(query("sla_events_of"), values).fetchall()
        return [_event(row) for row in rows]

    def attainment(self, since: datetime, now: datetime) -> Sequence[WeekOfTier]:
        """Return the weeks; see `SlaBook.attainment`."""
        with self._database.transaction("attainment") as connection:
            values = {"since": since, "now": now}
            rows = connection.execute(query("attainment"), values).fetchall()
        return [WeekOfTier(row[0], Tier(row[1]), *row[2:]) for row in rows]


def _event(row: Sequence[Any]) -> SlaEvent:
    batch_id, kind, stage, at, detail, predicted_at, miss_probability, action = row
    return SlaEvent(
        batch_id,
        SlaKind(kind),
        Stage(stage),
        at,
        detail,
        predicted_at,
        miss_probability,
        Action(action) if action else None,
    )
