"""What one lane offers a batch: on how many instances, how long, for how much, how surely."""

from __future__ import annotations

import math
from dataclasses import dataclass

from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import Load
from include.domain.lanes import LaneProfile

SURELY_LATE = 0.5
"""From this miss probability on, a lane is late rather than at risk."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One admitted lane's offer.

    Attributes:
        latency_s: expected seconds from request to last document.
        list_cost_usd: expected list cost.
        doubt_usd: standard deviation of that expectation; 0 without a curve.
        miss_probability: of not being done in time.
        observations: batches it rests on.
        needed_s: seconds that must be left for the lane to count as in time.
    """

    profile: LaneProfile
    instances: int
    latency_s: float
    list_cost_usd: float
    doubt_usd: float
    miss_probability: float
    observations: int
    needed_s: float

    @property
    def price_first(self) -> tuple[float, float]:
        """What the cheapest is told by."""
        return self.list_cost_usd, self.latency_s

    @property
    def time_first(self) -> tuple[float, float]:
        """What the fastest is told by."""
        return self.needed_s, self.list_cost_usd

    @property
    def optimistic_usd(self) -> float:
        """What it may well cost, given what is not known of it."""
        return self.list_cost_usd - self.doubt_usd


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of the lanes.

    Attributes:
        budget_s: seconds for the lane; loading taken off.
        max_miss: miss probability that is accepted.
    """

    documents: int
    tokens: int
    budget_s: float
    max_miss: float

    @property
    def document_tokens(self) -> float:
        """Mean length of the documents."""
        return self.tokens / max(self.documents, 1)

    def most_documents(self, curve: LaneCurve | None) -> int | None:
        """Return how many such documents an instance of a lane takes; None for no end."""
        return None if curve is None else curve.most_documents(self.document_tokens)


def best_quote(
    profile: LaneProfile, curve: LaneCurve | None, demand: Demand, *, warm: bool, wait_s: float
) -> Quote:
    """Return the offer on the fewest instances that are in time, or on as many as there are.

    They are no fewer than the documents fit on.
    """
    least = min(least_instances(curve, demand), profile.max_instances)
    offer = _quote(profile, curve, demand, least, warm=warm, wait_s=wait_s)
    for instances in range(least + 1, profile.max_instances + 1):
        if is_in_time(offer, demand):
            break
        offer = _quote(profile, curve, demand, instances, warm=warm, wait_s=wait_s)
    return offer


def least_instances(curve: LaneCurve | None, demand: Demand) -> int:
    """Return on how many instances a batch fits."""
    most = demand.most_documents(curve)
    return 1 if most is None else math.ceil(demand.documents / most)


def is_in_time(quote: Quote, demand: Demand) -> bool:
    """Whether the lane may be counted on."""
    return quote.miss_probability <= demand.max_miss and quote.needed_s <= demand.budget_s


def _quote(
    profile: LaneProfile,
    curve: LaneCurve | None,
    demand: Demand,
    instances: int,
    *,
    warm: bool,
    wait_s: float,
) -> Quote:
    if curve is None:
        latency_s = wait_s + profile.latency_s(demand.tokens, instances, warm=warm)
        needed_s = latency_s * profile.slack_factor
        cost = profile.list_cost_usd(demand.tokens, instances, warm=warm)
        missed = 0.0 if needed_s <= demand.budget_s else 1.0
        return Quote(profile, instances, latency_s, cost, 0.0, missed, 0, needed_s)
    started = instances - 1 if warm else instances
    estimate = curve.estimate(
        Load(demand.tokens, demand.documents, instances, started),
        limit_s=demand.budget_s,
        usd_per_h=profile.on_demand_price_usd_per_h,
        wait_s=wait_s,
    )
    return Quote(
        profile,
        instances,
        estimate.latency_s,
        estimate.list_cost_usd,
        estimate.doubt_usd,
        estimate.miss_probability,
        curve.observations,
        estimate.latency_s * curve.slack_factor(profile.slack_factor),
    )
