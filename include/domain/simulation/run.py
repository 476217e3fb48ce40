"""Batches in order of arrival, each placed by a router, each on its lane's instances."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.lanes import Lane
from include.domain.simulation.arrivals import Arrival
from include.domain.simulation.lanes import SimulatedLane, course
from include.domain.simulation.outcome import EPOCH, Outcome, luck_of
from include.domain.simulation.shared_lane import SharedLane


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

    def choose(
        self, batch: Arrival, waits: Mapping[Lane, float], warm: Collection[Lane] = ()
    ) -> Choice:
        """Place a batch.

        Args:
            waits: expected seconds until each lane has an instance free.
            warm: lanes that have an instance in service.
        """
        ...

    def observe(self, observation: LaneObservation) -> None:
        """Hear of a batch that has ended."""
        ...


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
    shared = {lane: SharedLane(each, luck) for lane, each in lanes.items() if each.is_shared}
    ending: list[tuple[float, int, LaneObservation]] = []
    outcomes = []
    for batch in arrivals:
        for observation in heapq.merge(
            *(each.advance(batch.at_s) for each in shared.values()), key=lambda each: each.seen_at
        ):
            router.observe(observation)
        while ending and ending[0][0] <= batch.at_s:
            router.observe(heapq.heappop(ending)[2])
        waits = {lane: max(0.0, min(free) - batch.at_s) for lane, free in expected.items()}
        waits |= {lane: each.wait_s for lane, each in shared.items()}
        choice = router.choose(
            batch, waits, [lane for lane, each in shared.items() if each.is_warm]
        )
        if choice.lane in shared:
            shared[choice.lane].take(batch)
            continue
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
    for each in shared.values():
        outcomes += each.outcomes()
    return sorted(outcomes, key=lambda outcome: outcome.batch.index)


def _take(free: list[float], instances: int, at_s: float) -> float:
    """Take the instances that are free first; return when all of them are."""
    return max(at_s, *(heapq.heappop(free) for _ in range(instances)))


def _put(free: list[float], instances: int, at_s: float) -> None:
    for _ in range(instances):
        heapq.heappush(free, at_s)
