"""What the traffic costs at least, for one who knows every batch's luck on every lane beforehand.

A lower bound and not always a schedule: each batch has the cheapest lane and number of instances
that are in time for it, as if no other were there, so that nobody waits for capacity. A batch that
no lane is in time for is given the cheapest. It is exact where capacity never runs out and no lane
is shared; on a shared lane a batch finds an instance in service that somebody else has paid for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from include.domain.curves.observation import Load
from include.domain.lanes import Lane, LaneProfile
from include.domain.simulation.arrivals import Arrival
from include.domain.simulation.lanes import SimulatedLane, course
from include.domain.simulation.outcome import luck_of


@dataclass(frozen=True, slots=True)
class LeastCost:
    """The least that a batch costs, and whether it can be in time at all."""

    list_cost_usd: float
    is_late: bool


def least_costs(
    arrivals: Sequence[Arrival], lanes: Mapping[Lane, SimulatedLane], *, luck: str
) -> list[LeastCost]:
    """Return the least cost of each batch, among those of the fewest late batches."""
    return [_least(batch, lanes, luck) for batch in arrivals]


def _least(batch: Arrival, lanes: Mapping[Lane, SimulatedLane], luck: str) -> LeastCost:
    found = [
        LeastCost(
            gone.billed_s * lane.profile.on_demand_price_usd_per_h / 3600,
            gone.latency_s > batch.budget_s,
        )
        for name, lane in lanes.items()
        if admits(lane.profile, batch)
        for instances in range(1, min(lane.profile.max_instances, lane.capacity) + 1)
        for gone in [
            course(
                lane,
                Load(
                    batch.tokens,
                    batch.documents,
                    instances,
                    0 if lane.is_shared else instances,
                ),
                time_left_s=batch.budget_s,
                luck=luck_of(luck, batch, name),
            )
        ]
    ]
    return min(found, key=lambda each: (each.is_late, each.list_cost_usd))


def admits(profile: LaneProfile, batch: Arrival) -> bool:
    """Whether a lane takes a batch of this size."""
    return profile.admits(batch.documents, batch.tokens)
