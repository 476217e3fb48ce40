"""Why a batch runs where it runs, for a person: a sentence, and a reason for each refused lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from include.domain.lanes import Lane
from include.domain.placement.quotes import SURELY_LATE, Demand, Quote


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided.

    Attributes:
        chosen: where the batch runs.
        best: where it would run without exploration; the same lane where it does not explore.
        is_in_time: whether the deadline is as good as sure.
        is_healthy: whether some lane that takes the batch is not open.
    """

    chosen: Quote
    best: Quote
    demand: Demand
    is_in_time: bool
    is_healthy: bool

    @property
    def extra_usd(self) -> float:
        """Expected cost of trying the lane."""
        return max(0.0, self.chosen.list_cost_usd - self.best.list_cost_usd)


def refusals(
    answer: Answer, quotes: Sequence[Quote], opened: Mapping[Lane, str], refused: Mapping[Lane, str]
) -> dict[Lane, str]:
    """Return why each lane was refused: those in `refused`, and the quotes not chosen."""
    reasons = dict(refused)
    for quote in quotes:
        lane = quote.profile.lane
        if quote is not answer.chosen:
            why = f"is open: {opened[lane]}" if lane in opened else _comparison(quote, answer)
            reasons[lane] = why
    return reasons


def reason(answer: Answer, refused: Mapping[Lane, str]) -> str:
    """Return the sentence."""
    chosen, left_s = answer.chosen, answer.demand.budget_s
    lane, latency_s = chosen.profile.lane.value, chosen.latency_s
    if not answer.is_in_time:
        left = f"({max(left_s, 0):,.0f} s left)"
        head = f"{lane}: no lane is in time {left}; fastest, {latency_s:,.1f} s"
        if chosen.miss_probability < SURELY_LATE:
            head = (
                f"{lane}: no lane is surely in time {left}; "
                f"late in {_share(chosen.miss_probability)}, {latency_s:,.1f} s expected"
            )
    elif chosen is answer.best:
        head = f"{lane}: cheapest lane in time, {latency_s:,.1f} s of {left_s:,.0f} s left"
    else:
        head = (
            f"{lane}: may be the cheapest lane in time and {chosen.observations:,} batches are "
            f"known of it, so it is tried, for ${answer.extra_usd:.2g} more than "
            f"{answer.best.profile.lane.value}; {latency_s:,.1f} s of {left_s:,.0f} s left"
        )
    if chosen.instances > 1:
        head += f" on {chosen.instances} instances"
    if not answer.is_healthy:
        head += "; every lane that takes the batch is open, so it is tried again"
    others = "; ".join(f"{name.value} {why}" for name, why in refused.items())
    return f"{head}; {others}" if others else head


def _comparison(quote: Quote, answer: Answer) -> str:
    chosen, demand = answer.chosen, answer.demand
    if quote.needed_s > demand.budget_s:
        return f"needs {quote.needed_s:,.0f} s of the {max(demand.budget_s, 0):,.0f} s left"
    if quote.miss_probability > max(demand.max_miss, chosen.miss_probability):
        return (
            f"is expected in {quote.latency_s:,.0f} s of the {demand.budget_s:,.0f} s left, "
            f"but late in {_share(quote.miss_probability)}"
        )
    if quote.list_cost_usd > chosen.list_cost_usd:
        if not chosen.list_cost_usd:
            return f"costs ${quote.list_cost_usd:.2g} more"
        return f"costs {quote.list_cost_usd / chosen.list_cost_usd:.1f} × as much"
    if chosen is not answer.best:
        return "is left for what may be cheaper"
    return "costs the same and is slower"


def _share(probability: float) -> str:
    return f"{probability:.1%} of cases"
