"""LaneHealthStore and LaneAlerts in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from include.domain.errors import AlertsUnavailable
from include.domain.lane_health.breaker_state import Breaker, Change, Outcome
from include.domain.lanes import Lane
from include.pipeline.lanes.health_ports import Decide, LaneEvent


class FakeLaneHealth:
    """Breakers by lane; one lock stands for the rows'."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._breakers: dict[Lane, Breaker] = {}
        self.outcomes: dict[str, tuple[Lane, Outcome]] = {}
        self.events: list[LaneEvent] = []
        self.published: dict[str, datetime] = {}

    def breakers(self) -> Mapping[Lane, Breaker]:
        return dict(self._breakers)

    def change(
        self,
        lane: Lane,
        decide: Decide,
        *,
        now: datetime,
        since: datetime,
        outcome: Outcome | None = None,
    ) -> Change:
        with self._lock:
            breaker = self._breakers.get(lane, Breaker.new(now))
            known = dict(self.outcomes)
            if outcome is not None:
                if outcome.outcome_id in known:
                    return Change(breaker)
                known[outcome.outcome_id] = lane, outcome
            window = [each for of, each in known.values() if of is lane and each.at >= since]
            window.sort(key=lambda each: (each.at, each.outcome_id))
            change = decide(breaker, lambda: window)
            self.outcomes = known
            self._breakers[lane] = change.breaker
            if change.transition is not None:
                event_id = str(len(self.events) + 1)
                self.events.append(LaneEvent(event_id, lane, change.transition))
            return change

    def unpublished(self) -> Sequence[LaneEvent]:
        return [event for event in self.events if event.event_id not in self.published]

    def mark_published(self, event_id: str, *, at: datetime) -> None:
        self.published.setdefault(event_id, at)


class FakeLaneAlerts:
    """Events in the order they were sent; `is_down` refuses."""

    def __init__(self) -> None:
        self.sent: list[LaneEvent] = []
        self.is_down = False

    def publish(self, event: LaneEvent) -> None:
        if self.is_down:
            raise AlertsUnavailable("the topic does not answer")
        self.sent.append(event)
