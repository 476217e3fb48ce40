"""How well a prediction does: a fleet simulated beside what the ledger has of the same work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.domain.lanes import Lane, LaneProfile
from include.domain.what_if.answer import answer, percentile
from include.domain.what_if.purchase import Purchase
from include.domain.what_if.scenario import Arrival, Scenario


@dataclass(frozen=True, slots=True)
class SeenBatch:
    """A batch as it was: its lane, seconds to both stores, USD at list price on the lane."""

    arrival: Arrival
    lane: Lane
    elapsed_s: float
    list_cost_usd: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """A lane's prediction beside what was.

    Attributes:
        predicted_p50_s: to the last document on the lane; `seen_p50_s` is to both stores.
    """

    lane: Lane
    batches: int
    predicted_usd: float
    seen_usd: float
    predicted_p50_s: float
    seen_p50_s: float

    @property
    def cost_error(self) -> float | None:
        """Predicted over seen, less one; None where nothing was charged."""
        return self.predicted_usd / self.seen_usd - 1 if self.seen_usd else None


def backtest(
    batches: Sequence[SeenBatch], profiles: Sequence[LaneProfile], *, max_replicas: int
) -> list[Backtest]:
    """Simulate each lane's own work with the lane's profile, and compare.

    Args:
        max_replicas: instances a lane may have at once, for all batches together.
    """
    found = []
    for profile in profiles:
        own = [batch for batch in batches if batch.lane is profile.lane]
        if not own or not any(batch.arrival.documents for batch in own):
            continue
        scenario = Scenario(
            name=profile.lane.value,
            instance=profile.instance_type,
            purchase=Purchase(profile.price_usd_per_h),
            tokens_per_s=profile.tokens_per_s,
            cold_start_s=profile.cold_start_s,
            start_billed=profile.start_billed,
            idle_s=profile.tail_s,
            max_replicas=max_replicas,
        )
        predicted = answer(scenario, [batch.arrival for batch in own])
        found.append(
            Backtest(
                profile.lane,
                len(own),
                predicted.cost_usd,
                sum(batch.list_cost_usd for batch in own),
                predicted.p50_s,
                percentile([batch.elapsed_s for batch in own], 0.5),
            )
        )
    return found
