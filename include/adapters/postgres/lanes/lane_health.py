"""LaneHealthStore on PostgreSQL: a lane's row is locked while its breaker is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from include.adapters.postgres.batches.read_store import storable
from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.errors import StoreError
from include.domain.lane_health.breaker_state import (
    Breaker,
    BreakerState,
    Change,
    Outcome,
    Transition,
    Verdict,
)
from include.domain.lanes import Lane
from include.pipeline.lanes.health_ports import Decide, LaneEvent


class PostgresLaneHealth:
    """Tables `lane_health`, `lane_outcomes` and `lane_transitions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def breakers(self) -> Mapping[Lane, Breaker]:
        """Return all breakers; see `LaneHealthStore.breakers`."""
        with self._database.transaction("lane health: reading") as connection:
            rows = connection.execute(query("lane_breakers")).fetchall()
        known = {lane.value: lane for lane in Lane}
        return {known[row[0]]: _breaker(row[1:]) for row in rows if row[0] in known}

    def change(
        self,
        lane: Lane,
        decide: Decide,
        *,
        now: datetime,
        since: datetime,
        outcome: Outcome | None = None,
    ) -> Change:
        """Change a breaker under its row's lock; see `LaneHealthStore.change`."""
        with self._database.transaction(f"lane {lane.value}: health") as connection:
            at: dict[str, Any] = {"lane": lane.value, "now": now, "since": since}
            connection.execute(query("ensure_lane_breaker"), at)
            row = connection.execute(query("lock_lane_breaker"), at).fetchone()
            if row is None:
                raise StoreError(f"lane {lane.value}: its breaker was deleted")
            breaker = _breaker(row)
            if outcome is not None:
                values = {**asdict(outcome), "lane": lane.value, "verdict": outcome.verdict.value}
                values["detail"] = storable(outcome.detail)
                if connection.execute(query("add_lane_outcome"), values).rowcount == 0:
                    return Change(breaker)

            def window() -> list[Outcome]:
                rows = connection.execute(query("lane_outcomes_since"), at).fetchall()
                return [_outcome(each) for each in rows]

            change = decide(breaker, window)
            if change.breaker != breaker:
                connection.execute(query("save_lane_breaker"), _values(lane, change.breaker))
            if change.transition is not None:
                connection.execute(query("add_lane_transition"), _values(lane, change.transition))
            return change

    def unpublished(self) -> Sequence[LaneEvent]:
        """Return events not known to be sent; see `LaneHealthStore.unpublished`."""
        with self._database.transaction("lane health: events") as connection:
            rows = connection.execute(query("unpublished_lane_transitions")).fetchall()
        return [lane_event(row) for row in rows]

    def mark_published(self, event_id: str, *, at: datetime) -> None:
        """Note that an event was sent; see `LaneHealthStore.mark_published`."""
        with self._database.transaction(f"lane event {event_id}") as connection:
            values = {"transition_id": int(event_id), "at": at}
            connection.execute(query("mark_lane_transition"), values)


def _values(lane: Lane, record: Breaker | Transition) -> dict[str, Any]:
    return {
        **asdict(record),
        "lane": lane.value,
        "reason": storable(record.reason),
    }


def _breaker(row: Sequence[Any]) -> Breaker:
    return Breaker(BreakerState(row[0]), *row[1:])


def _outcome(row: Sequence[Any]) -> Outcome:
    outcome_id, batch_id, verdict, started_at, at, detail = row
    return Outcome(outcome_id, batch_id, Verdict(verdict), started_at, at, detail)


def lane_event(row: Sequence[Any]) -> LaneEvent:
    """Return the event that a row of `lane_transitions` tells of."""
    number, lane, before, after, reason, rate, at = row
    transition = Transition(BreakerState(before), BreakerState(after), reason, rate, at)
    return LaneEvent(str(number), Lane(lane), transition)
