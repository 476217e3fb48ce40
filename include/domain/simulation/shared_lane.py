"""A lane whose instances batches share: the asynchronous endpoint, from no instance to its most."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.simulation.arrivals import Arrival
from include.domain.simulation.lanes import Course, SimulatedLane, course
from include.domain.simulation.outcome import EPOCH, Outcome, luck_of
from include.domain.simulation.replica_terms import ReplicaTerms, Served
from include.domain.simulation.replicas import Replicas


class SharedLane:
    """One such lane under its traffic.

    Who starts an instance waits for it and pays for the start; the idle time of an instance is paid
    by the batch before it, the tail included. So the batches' costs come to what is billed.
    """

    def __init__(self, lane: SimulatedLane, luck: str) -> None:
        self._lane = lane
        self._luck = luck
        self._batches: dict[int, Arrival] = {}
        self._courses: dict[int, Course] = {}
        self._served: dict[int, Served] = {}
        self._replicas = Replicas(
            ReplicaTerms(
                cold_start_s=lane.start_s,
                start_billed=lane.profile.start_billed,
                idle_s=lane.profile.tail_s,
                patience_s=lane.start_s,
                max_replicas=lane.capacity,
            ),
            work_s=lambda job: self._courses[job].latency_s,
            alone_s=lambda job: self._expected_s(self._batches[job]),
        )

    def take(self, batch: Arrival) -> None:
        """Put a batch into the queue when it arrives."""
        self._batches[batch.index] = batch
        self._courses[batch.index] = course(
            self._lane,
            Load(batch.tokens, batch.documents, 1, started=0),
            time_left_s=batch.budget_s,
            luck=luck_of(self._luck, batch, self._lane.profile.lane),
        )
        self._replicas.offer(batch.index, batch.at_s)

    def advance(self, until_s: float) -> list[LaneObservation]:
        """Let time pass; return what was seen of the batches that are done."""
        served = self._replicas.advance(until_s)
        self._served |= {each.job: each for each in served}
        return [self._observation(each) for each in served]

    @property
    def is_warm(self) -> bool:
        """Whether an instance is in service."""
        return self._replicas.is_warm

    @property
    def wait_s(self) -> float:
        """Expected seconds until an instance is free; of what is told, its start left out."""
        if self._replicas.has_idle or not self._replicas.is_warm:
            return 0.0
        waiting = (b for job, b in self._batches.items() if job not in self._served)
        return sum(self._expected_s(batch) for batch in waiting) / self._lane.capacity

    def outcomes(self) -> Iterator[Outcome]:
        """Let all that is left be done, and yield how each batch went."""
        self.advance(float("inf"))
        self._replicas.close(self._replicas.now_s)
        price = self._lane.profile.on_demand_price_usd_per_h / 3600
        for job, batch in self._batches.items():
            latency_s = self._served[job].done_s - batch.at_s
            yield Outcome(
                batch,
                self._lane.profile.lane,
                1,
                latency_s - self._courses[job].latency_s,
                latency_s,
                self._replicas.shares_s[job] * price,
                self._courses[job].is_failed,
                0,
            )

    def _expected_s(self, batch: Arrival) -> float:
        return batch.tokens / self._lane.profile.tokens_per_s

    def _observation(self, served: Served) -> LaneObservation:
        batch, gone = self._batches[served.job], self._courses[served.job]
        profile, started = self._lane.profile, int(served.is_first)
        start_s = self._lane.start_s if profile.start_billed else 0.0
        return LaneObservation(
            str(batch.index),
            CurveKey(profile.lane, profile.instance_type, self._lane.truth.key.model_name),
            Load(batch.tokens, batch.documents, 1, started),
            gone.latency_s + started * self._lane.start_s,
            gone.billed_s + started * (start_s + profile.tail_s),
            gone.is_failed,
            0,
            0.0,
            EPOCH + timedelta(seconds=served.done_s),
        )
