"""What the health of lanes needs of the world, as contracts. See `include.pipeline.ports`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from include.domain.lane_health.breaker_state import Breaker, Change, Outcome, Transition
from include.domain.lanes import Lane

Window = Callable[[], Sequence[Outcome]]
"""Reads a lane's latest outcomes, oldest first; on a busy lane they are many."""

Decide = Callable[[Breaker, Window], Change]
"""Maps a lane's breaker, and its latest outcomes if need be, to what becomes of it."""


@dataclass(frozen=True, slots=True)
class LaneEvent:
    """A transition of a lane's breaker; `event_id` is the same each time it is published."""

    event_id: str
    lane: Lane
    transition: Transition


class LaneHealthStore(Protocol):
    """Breakers, outcomes and transitions, shared by every process. Raises `StoreError`."""

    def breakers(self) -> Mapping[Lane, Breaker]:
        """Return the breakers of all lanes that were ever used."""
        ...

    def change(
        self,
        lane: Lane,
        decide: Decide,
        *,
        now: datetime,
        since: datetime,
        outcome: Outcome | None = None,
    ) -> Change:
        """Change a lane's breaker, no other process changing it meanwhile.

        The outcome, if any, is kept first; one that is known already changes nothing at all.
        The breaker and its transition stand together or not at all.

        Args:
            decide: is called once; its window holds outcomes no older than `since`.
            now: what a lane that was never used begins with.
        """
        ...

    def unpublished(self) -> Sequence[LaneEvent]:
        """Return transitions that are not known to be published, oldest first."""
        ...

    def mark_published(self, event_id: str, *, at: datetime) -> None:
        """Note that an event was sent; a second time changes nothing."""
        ...


class LaneAlerts(Protocol):
    """Where transitions are published, for alarms and people."""

    def publish(self, event: LaneEvent) -> None:
        """Send one event. Raises `AlertsUnavailable`."""
        ...
