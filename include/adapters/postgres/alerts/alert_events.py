"""AlertEvents on PostgreSQL: what queues, breakers, budgets and promotions have noted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from include.adapters.postgres.database import Database
from include.adapters.postgres.lanes.lane_health import lane_event
from include.adapters.postgres.models.promotion_book import promotion_of
from include.adapters.postgres.queries import query
from include.domain.promotion.promotion import FOLLOWER, WATCHER, Promotion
from include.domain.queues.lane_class import LaneClass
from include.pipeline.alerts.ports import BudgetEvents, DeadLetters
from include.pipeline.lanes.health_ports import LaneEvent


class PostgresAlertEvents:
    """Tables `queued_batches`, `lane_transitions`, `budget_events` and `model_promotions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def dead_letters(self, since: datetime) -> Sequence[DeadLetters]:
        """Return dead letters; see `AlertEvents.dead_letters`."""
        rows = self._rows("dead_letters_since", since)
        return [DeadLetters(LaneClass(row[0]), *row[1:]) for row in rows]

    def openings(self, since: datetime) -> Sequence[LaneEvent]:
        """Return breakers that opened; see `AlertEvents.openings`."""
        return [lane_event(row) for row in self._rows("lane_openings", since)]

    def budget_events(self, since: datetime) -> Sequence[BudgetEvents]:
        """Return what budgets said; see `AlertEvents.budget_events`."""
        return [BudgetEvents(*row) for row in self._rows("budget_events_since", since)]

    def champion_returns(self, since: datetime) -> Sequence[Promotion]:
        """Return champions taken back; see `AlertEvents.champion_returns`."""
        rows = self._rows("champion_returns", since, deciders=[FOLLOWER, WATCHER])
        return [promotion_of(row) for row in rows]

    def _rows(self, name: str, since: datetime, **values: Any) -> Sequence[tuple[Any, ...]]:
        with self._database.transaction(f"{name} {since}") as connection:
            return connection.execute(query(name), {"since": since, **values}).fetchall()
