"""Instances that come when there is work and go when there is none, event by event.

The one model of it: a scenario's fleet and the simulated asynchronous endpoint both are one of
these. Jobs are served first come, first served, each by one instance. Times are seconds from any
beginning. Every billed second is for a job: its own work, the start of the instance that it is the
first of, the idle time behind it; or for none, where the instance never worked.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from include.domain.simulation.replica_terms import ReplicaTerms, Served

_SAME_S = 1e-9


class _Event(Enum):
    ARRIVAL = auto()
    READY = auto()
    DONE = auto()
    IDLE_CHECK = auto()
    MINIMUM_CHANGE = auto()


@dataclass(slots=True)
class _Replica:
    """One instance; `idle_since_s` is None while it starts or works, `last_job` until it has."""

    start_billed_s: float
    idle_since_s: float | None = None
    is_starting: bool = True
    is_warm: bool = False
    last_job: int | None = None


@dataclass(slots=True)
class Replicas:
    """A simulation; made anew for each run.

    Args:
        work_s: how long an instance takes for a job; asked once, when it begins.
        alone_s: how long it is expected to, for deciding on another instance.
        horizon_s: until when instances are kept and quiet hours change.

    Attributes:
        changes: when billed instances came and went.
        shares_s: billed seconds by the job they were for.
        starting_s: billed seconds of starts.
        now_s: of the last event.
    """

    terms: ReplicaTerms
    work_s: Callable[[int], float]
    alone_s: Callable[[int], float]
    horizon_s: float = 0.0
    changes: list[tuple[float, int]] = field(default_factory=list)
    shares_s: defaultdict[int | None, float] = field(default_factory=lambda: defaultdict(float))
    starting_s: float = 0.0
    now_s: float = 0.0
    _events: list[tuple[float, int, _Event, int]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _order: itertools.count[int] = field(default_factory=itertools.count)
    _replicas: dict[int, _Replica] = field(default_factory=dict)
    _queue: deque[int] = field(default_factory=deque)
    _working_on: dict[int, tuple[int, bool]] = field(default_factory=dict)

    def open(self) -> None:
        """Begin at 0, with the instances that are kept then in service."""
        for _ in range(self.terms.kept(0.0)):
            self._start(0.0, is_warm=True)
        self._expect_change(0.0)

    def offer(self, job: int, at_s: float) -> None:
        """Let a job arrive at a moment that is not past."""
        self._push(at_s, _Event.ARRIVAL, job)

    def advance(self, until_s: float = math.inf) -> list[Served]:
        """Let time pass; return the jobs that were done by then."""
        served = []
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, event, number = heapq.heappop(self._events)
            done = self._handle(event, number, self.now_s)
            if done is not None:
                served.append(done)
        return served

    def close(self, ended_s: float) -> None:
        """Stop what is left."""
        for key in list(self._replicas):
            self._retire(key, ended_s)

    @property
    def is_warm(self) -> bool:
        """Whether an instance is in service."""
        return any(not each.is_starting for each in self._replicas.values())

    @property
    def has_idle(self) -> bool:
        """Whether an instance waits for work."""
        return any(each.idle_since_s is not None for each in self._replicas.values())

    def _handle(self, event: _Event, number: int, now_s: float) -> Served | None:
        served = None
        match event:
            case _Event.ARRIVAL:
                self._queue.append(number)
            case _Event.READY:
                self._replicas[number].is_starting = False
                self._rest(number, now_s)
            case _Event.DONE:
                job, is_first = self._working_on.pop(number)
                served = Served(job, now_s, is_first)
                self._rest(number, now_s)
            case _Event.IDLE_CHECK:
                self._retire_if_idle(number, now_s)
            case _Event.MINIMUM_CHANGE:
                for _ in range(self.terms.kept(now_s) - len(self._replicas)):
                    self._start(now_s)
                self._expect_change(now_s)
                for each in list(self._replicas):
                    self._retire_if_idle(each, now_s)
        self._dispatch(now_s)
        return served

    def _dispatch(self, now_s: float) -> None:
        """Give waiting jobs to idle instances, and start others for the rest."""
        idle = [key for key, each in self._replicas.items() if each.idle_since_s is not None]
        while self._queue and idle:
            self._begin(idle.pop(), self._queue.popleft(), now_s)
        starting = sum(each.is_starting for each in self._replicas.values())
        room = self.terms.max_replicas - len(self._replicas)
        waiting_s = sum(self.alone_s(job) for job in self._queue)
        for _ in range(min(len(self._queue) - starting, room)):
            if self._replicas and waiting_s / len(self._replicas) <= self.terms.patience_s:
                break
            self._start(now_s)

    def _begin(self, key: int, job: int, now_s: float) -> None:
        replica = self._replicas[key]
        self._bill_idle(replica, now_s)
        is_first = replica.last_job is None and not replica.is_warm
        if replica.last_job is None:
            self.shares_s[job] += replica.start_billed_s
        replica.last_job, replica.idle_since_s = job, None
        work_s = self.work_s(job)
        self.shares_s[job] += work_s
        self._working_on[key] = (job, is_first)
        self._push(now_s + work_s, _Event.DONE, key)

    def _start(self, now_s: float, *, is_warm: bool = False) -> None:
        key = next(self._numbers)
        cold_s = 0.0 if is_warm else self.terms.cold_start_s
        billed_from_s = now_s if self.terms.start_billed else now_s + cold_s
        billed_s = now_s + cold_s - billed_from_s
        self._replicas[key] = _Replica(billed_s, is_warm=is_warm)
        self.starting_s += billed_s
        self.changes.append((billed_from_s, 1))
        self._push(now_s + cold_s, _Event.READY, key)

    def _rest(self, key: int, now_s: float) -> None:
        self._replicas[key].idle_since_s = now_s
        self._push(now_s + self.terms.idle_s, _Event.IDLE_CHECK, key)

    def _retire_if_idle(self, key: int, now_s: float) -> None:
        replica = self._replicas.get(key)
        if replica is None or replica.idle_since_s is None or self._queue:
            return
        is_over = now_s - replica.idle_since_s >= self.terms.idle_s - _SAME_S
        if is_over and len(self._replicas) > self.terms.kept(now_s):
            self._retire(key, now_s)

    def _retire(self, key: int, now_s: float) -> None:
        replica = self._replicas.pop(key)
        self._bill_idle(replica, now_s)
        if replica.last_job is None:
            self.shares_s[None] += replica.start_billed_s
        self.changes.append((now_s, -1))

    def _bill_idle(self, replica: _Replica, now_s: float) -> None:
        if replica.idle_since_s is not None:
            self.shares_s[replica.last_job] += now_s - replica.idle_since_s

    def _expect_change(self, now_s: float) -> None:
        at_s = self.terms.next_change(now_s)
        if at_s is not None and at_s <= self.horizon_s:
            self._push(at_s, _Event.MINIMUM_CHANGE, 0)

    def _push(self, at_s: float, event: _Event, number: int) -> None:
        heapq.heappush(self._events, (at_s, next(self._order), event, number))
