"""How well a prediction does: a fleet simulated beside what the ledger has of the same work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.lanes import Lane, LaneProfile
from include.domain.what_if.answer import percentile
from include.domain.what_if.fleet import Fleet
from include.domain.what_if.purchase import Purchase
from include.domain.what_if.scenario import Arrival, Scenario


@dataclass(frozen=True, slots=True)
class SeenBatch:
    """A batch as it was: its lane, seconds to both stores, USD at list price on the lane."""

    arrival: Arrival
    lane: Lane
    elapsed_s: float
    list_cost_usd: float
    model_name: str = ""
    is_emulated: bool = False


@dataclass(frozen=True, slots=True)
class Backtest:
    """A lane's prediction beside what was.

    Attributes:
        predicted_p50_s: to both stores, as `seen_p50_s` is: the lane's time and the loading's. What
            the orchestrator takes between its steps is in neither the profile nor the prediction.
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

    @property
    def latency_error(self) -> float:
        """Predicted over seen median, less one."""
        return self.predicted_p50_s / self.seen_p50_s - 1


@dataclass(frozen=True, slots=True)
class Backtested:
    """Predictions and what they are of.

    Attributes:
        predicted_by: what start times and rates were taken from.
        first: when the first of the batches was submitted; nothing later taught the prediction.
        is_emulated: whether a lane of theirs was an emulated service: what was seen is then its
            emulated time at list price, and no bill.
    """

    predicted_by: str
    first: datetime
    is_emulated: bool
    lanes: Sequence[Backtest]

    @property
    def all_lanes(self) -> tuple[int, float, float]:
        """Batches, USD predicted and USD seen, over all lanes."""
        return (
            sum(each.batches for each in self.lanes),
            sum(each.predicted_usd for each in self.lanes),
            sum(each.seen_usd for each in self.lanes),
        )


def newer_half(batches: Sequence[SeenBatch]) -> Sequence[SeenBatch]:
    """Return the batches submitted last, to be predicted by what the others and older ones taught.

    Args:
        batches: in the order of their submission; one more is returned where their number is odd.
    """
    return batches[len(batches) // 2 :]


def mean_document_tokens(batches: Sequence[SeenBatch]) -> float:
    """Return the tokens of a document, over all batches; 1 where there is none."""
    documents = sum(batch.arrival.documents for batch in batches)
    return max(1.0, sum(batch.arrival.tokens for batch in batches) / documents) if documents else 1


def backtest(
    batches: Sequence[SeenBatch],
    profiles: Sequence[LaneProfile],
    *,
    max_replicas: int,
    loading_documents_per_s: float,
) -> list[Backtest]:
    """Simulate each lane's own work with the lane's profile, and compare.

    Args:
        max_replicas: instances a lane may have at once, for all batches together.
        loading_documents_per_s: what both stores take.
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
        run = Fleet(scenario, [batch.arrival for batch in own]).run()
        ordered = sorted((batch.arrival for batch in own), key=lambda each: each.at)
        to_stores_s = [
            latency_s + arrival.documents / loading_documents_per_s
            for latency_s, arrival in zip(run.latencies_s, ordered, strict=True)
        ]
        found.append(
            Backtest(
                profile.lane,
                len(own),
                scenario.purchase.cost_usd(run.changes, run.ended_s),
                sum(batch.list_cost_usd for batch in own),
                percentile(to_stores_s, 0.5),
                percentile([batch.elapsed_s for batch in own], 0.5),
            )
        )
    return found
