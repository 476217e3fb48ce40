"""A fleet under its traffic, event by event."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from random import Random

from include.domain.what_if.scenario import Arrival, Scenario


class _Event(Enum):
    ARRIVAL = auto()
    READY = auto()
    DONE = auto()
    IDLE_CHECK = auto()
    QUIET_CHANGE = auto()


@dataclass(slots=True)
class _Replica:
    """One instance; `idle_since_s` is None while it starts or works."""

    idle_since_s: float | None = None
    is_starting: bool = True


@dataclass(frozen=True, slots=True)
class FleetRun:
    """What became of the traffic.

    Attributes:
        latencies_s: from arrival to the last document, in the order of arrivals.
        misses: arrivals that took longer than their deadline.
        changes: when billed instances came and went, in seconds; see `Purchase.cost_usd`.
        ended_s: when the last instance went or the last batch was done, since the first arrival.
        useful_s: instance seconds of work that had not to be done again.
        starting_s: instance seconds of billed starts.
    """

    latencies_s: tuple[float, ...]
    misses: int
    changes: tuple[tuple[float, int], ...]
    ended_s: float
    useful_s: float
    starting_s: float

    @property
    def billed_s(self) -> float:
        """Instance seconds in all."""
        return -sum(at_s * change for at_s, change in self.changes)

    @property
    def peak(self) -> int:
        """Most instances at once."""
        sums = itertools.accumulate(change for _, change in sorted(self.changes))
        return max(sums, default=0)


@dataclass(slots=True)
class Fleet:
    """A simulation; made anew for each run."""

    scenario: Scenario
    arrivals: Sequence[Arrival]
    _origin: datetime = field(init=False)
    _events: list[tuple[float, int, _Event, int]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _order: itertools.count[int] = field(default_factory=itertools.count)
    _replicas: dict[int, _Replica] = field(default_factory=dict)
    _queue: deque[int] = field(default_factory=deque)
    _latencies_s: dict[int, float] = field(default_factory=dict)
    _working_on: dict[int, int] = field(default_factory=dict)
    _changes: list[tuple[float, int]] = field(default_factory=list)
    _useful_s: float = 0.0
    _starting_s: float = 0.0
    _random: Random = field(init=False)

    def run(self, until: datetime | None = None) -> FleetRun:
        """Serve every arrival; then stop what is left.

        Args:
            until: the fleet is kept so long at the least; until the last arrival when None.

        Raises:
            ValueError: there is no arrival.
        """
        if not self.arrivals:
            raise ValueError("no traffic")
        ordered = sorted(self.arrivals, key=lambda each: each.at)
        self.arrivals, self._origin = ordered, ordered[0].at
        self._random = Random(self.scenario.seed)  # noqa: S311
        horizon_s = self._seconds(max(until or self._origin, ordered[-1].at))
        for number, arrival in enumerate(ordered):
            self._push(self._seconds(arrival.at), _Event.ARRIVAL, number)
        for _ in range(self.scenario.kept(self._origin)):
            self._start(0.0, is_warm=True)
        self._expect_quiet_change(0.0, horizon_s)
        now_s = 0.0
        while self._events:
            now_s, _, event, number = heapq.heappop(self._events)
            self._handle(event, number, now_s, horizon_s)
        return self._finished(max(now_s, horizon_s))

    def _handle(self, event: _Event, number: int, now_s: float, horizon_s: float) -> None:
        match event:
            case _Event.ARRIVAL:
                self._queue.append(number)
            case _Event.READY:
                self._replicas[number].is_starting = False
                self._rest(number, now_s)
            case _Event.DONE:
                batch = self._working_on.pop(number)
                arrived_s = self._seconds(self.arrivals[batch].at)
                self._latencies_s[batch] = now_s - arrived_s
                self._rest(number, now_s)
            case _Event.IDLE_CHECK:
                self._retire_if_idle(number, now_s)
            case _Event.QUIET_CHANGE:
                self._keep_minimum(now_s)
                self._expect_quiet_change(now_s, horizon_s)
                for each in list(self._replicas):
                    self._retire_if_idle(each, now_s)
        self._dispatch(now_s)

    def _dispatch(self, now_s: float) -> None:
        """Give waiting batches to idle instances, and start others for the rest."""
        idle = [key for key, each in self._replicas.items() if each.idle_since_s is not None]
        while self._queue and idle:
            key, batch = idle.pop(), self._queue.popleft()
            work_s = self._work_s(self.arrivals[batch])
            self._replicas[key].idle_since_s = None
            self._working_on[key] = batch
            self._useful_s += self._alone_s(batch)
            self._push(now_s + work_s, _Event.DONE, key)
        starting = sum(each.is_starting for each in self._replicas.values())
        room = self.scenario.max_replicas - len(self._replicas)
        waiting_s = sum(self._alone_s(batch) for batch in self._queue)
        for _ in range(min(len(self._queue) - starting, room)):
            if self._replicas and waiting_s / len(self._replicas) <= self.scenario.patience_s:
                break
            self._start(now_s)

    def _start(self, now_s: float, *, is_warm: bool = False) -> None:
        key = next(self._numbers)
        self._replicas[key] = _Replica()
        cold_s = 0.0 if is_warm else self.scenario.cold_start_s
        billed_from_s = now_s if self.scenario.start_billed else now_s + cold_s
        self._starting_s += now_s + cold_s - billed_from_s
        self._changes.append((billed_from_s, 1))
        self._push(now_s + cold_s, _Event.READY, key)

    def _rest(self, key: int, now_s: float) -> None:
        self._replicas[key].idle_since_s = now_s
        self._push(now_s + self.scenario.idle_s, _Event.IDLE_CHECK, key)

    def _retire_if_idle(self, key: int, now_s: float) -> None:
        replica = self._replicas.get(key)
        if replica is None or replica.idle_since_s is None or self._queue:
            return
        is_over = now_s - replica.idle_since_s >= self.scenario.idle_s - 1e-9
        if is_over and len(self._replicas) > self.scenario.kept(self._moment(now_s)):
            del self._replicas[key]
            self._changes.append((now_s, -1))

    def _keep_minimum(self, now_s: float) -> None:
        for _ in range(self.scenario.kept(self._moment(now_s)) - len(self._replicas)):
            self._start(now_s)

    def _expect_quiet_change(self, now_s: float, horizon_s: float) -> None:
        if self.scenario.quiet is not None:
            at_s = self._seconds(self.scenario.quiet.next_change(self._moment(now_s)))
            if at_s <= horizon_s:
                self._push(at_s, _Event.QUIET_CHANGE, 0)

    def _alone_s(self, batch: int) -> float:
        """Return how long a batch takes that nothing disturbs."""
        return self.arrivals[batch].tokens / self.scenario.tokens_per_s

    def _work_s(self, arrival: Arrival) -> float:
        """Return how long an instance works on a batch, interruptions included."""
        left_s, spent_s = arrival.tokens / self.scenario.tokens_per_s, 0.0
        spot = self.scenario.spot
        if spot is None or spot.interruptions_per_h <= 0:
            return left_s
        while True:
            until_s = self._random.expovariate(spot.interruptions_per_h / 3600)
            if until_s >= left_s:
                return spent_s + left_s
            lost_s = min(until_s, until_s % spot.checkpoint_s if spot.checkpoint_s else until_s)
            spent_s += until_s + self.scenario.cold_start_s
            left_s -= until_s - lost_s

    def _finished(self, ended_s: float) -> FleetRun:
        self._changes += [(ended_s, -1)] * len(self._replicas)
        latencies_s = tuple(self._latencies_s[i] for i in range(len(self.arrivals)))
        misses = sum(
            arrival.deadline_s is not None and latency_s > arrival.deadline_s
            for arrival, latency_s in zip(self.arrivals, latencies_s, strict=True)
        )
        return FleetRun(
            latencies_s, misses, tuple(self._changes), ended_s, self._useful_s, self._starting_s
        )

    def _push(self, at_s: float, event: _Event, number: int) -> None:
        heapq.heappush(self._events, (at_s, next(self._order), event, number))

    def _seconds(self, at: datetime) -> float:
        return (at - self._origin).total_seconds()

    def _moment(self, at_s: float) -> datetime:
        return self._origin + timedelta(seconds=at_s)
