"""Batches in order of arrival, each placed by a router, each on its lane's instances."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.lanes import Lane
from include.domain.simulation.arrivals import Arrival
from include.domain.simulation.lanes import SimulatedLane, course

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a batch is sent.

    Attributes:
        expected_s: seconds it is expected to hold its instances, which who comes after is told.
    """

    lane: Lane
    instances: int
    expected_s: float


class Router(Protocol):
    """Decides on what it may know."""

    def choose(self, batch: Arrival, waits: Mapping[Lane, float]) -> Choice:
        """Place a batch; `waits` are expected seconds until each lane has an instance free."""
        ...

    def observe(self, observation: LaneObservation) -> None:
        """Hear of a batch that has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a batch went.

    Attributes:
        waited_s: for capacity.
        latency_s: from arrival to the last document, waiting included.
    """

    batch: Arrival
    lane: Lane
    instances: int
    waited_s: float
    latency_s: float
    list_cost_usd: float
    is_failed: bool
    interruptions: int

    @property
    def is_late(self) -> bool:
        """Whether the results came after the deadline."""
        return self.latency_s > self.batch.budget_s


def simulate(
    arrivals: Sequence[Arrival],
    lanes: Mapping[Lane, SimulatedLane],
    router: Router,
    *,
    luck: str,
) -> list[Outcome]:
    """Return how each batch went.

    Args:
        arrivals: in order of time.
        luck: what happens to a batch on a lane depends on this, the batch and the lane alone, so
            that routers can be compared on the same luck.
    """
    really = {lane: [0.0] * each.capacity for lane, each in lanes.items()}
    expected = {lane: [0.0] * each.capacity for lane, each in lanes.items()}
    ending: list[tuple[float, int, LaneObservation]] = []
    outcomes = []
    for batch in arrivals:
        while ending and ending[0][0] <= batch.at_s:
            router.observe(heapq.heappop(ending)[2])
        waits = {lane: max(0.0, min(free) - batch.at_s) for lane, free in expected.items()}
        choice = router.choose(batch, waits)
        lane = lanes[choice.lane]
        instances = min(choice.instances, lane.capacity)
        start_s = _take(really[choice.lane], instances, batch.at_s)
        waited_s = start_s - batch.at_s
        load = Load(batch.tokens, batch.documents, instances, instances)
        gone = course(
            lane,
            load,
            time_left_s=batch.budget_s - waited_s,
            luck=luck_of(luck, batch, choice.lane),
        )
        _put(really[choice.lane], instances, start_s + gone.latency_s)
        held_from_s = _take(expected[choice.lane], instances, batch.at_s)
        _put(expected[choice.lane], instances, held_from_s + choice.expected_s)
        price = lane.profile.on_demand_price_usd_per_h / 3600
        outcomes.append(
            Outcome(
                batch,
                choice.lane,
                instances,
                waited_s,
                waited_s + gone.latency_s,
                gone.billed_s * price,
                gone.is_failed,
                gone.interruptions,
            )
        )
        ended_s = start_s + gone.latency_s
        observation = LaneObservation(
            str(batch.index),
            CurveKey(choice.lane, lane.profile.instance_type, lane.truth.key.model_name),
            load,
            gone.latency_s,
            gone.billed_s,
            gone.is_failed,
            gone.interruptions,
            gone.held_s,
            EPOCH + timedelta(seconds=ended_s),
        )
        heapq.heappush(ending, (ended_s, batch.index, observation))
    return outcomes


def luck_of(luck: str, batch: Arrival, lane: Lane) -> str:
    """Return what decides a batch's luck on a lane."""
    return f"{luck}/{batch.index}/{lane.value}"


def _take(free: list[float], instances: int, at_s: float) -> float:
    """Take the instances that are free first; return when all of them are."""
    return max(at_s, *(heapq.heappop(free) for _ in range(instances)))


def _put(free: list[float], instances: int, at_s: float) -> None:
    for _ in range(instances):
        heapq.heappush(free, at_s)
