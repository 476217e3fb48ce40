"""The router's first rule: the cheapest lane that admits the batch and meets its deadline.

A pure function of the batch's size, the lanes' profiles and the time left. Every number comes
from the lanes file (settings) or from measurement; every answer says why, and what each refused
lane would have cost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from include.domain.errors import NoFeasibleLane
from include.domain.lanes import Lane, LaneProfile


@dataclass(frozen=True, slots=True)
class Alternative:
    """What one lane would have meant for the batch.

    Attributes:
        refusal: why it was not taken; empty for the lane that was.
    """

    lane: Lane
    latency_s: float
    list_cost_usd: float
    refusal: str


@dataclass(frozen=True, slots=True)
class Placement:
    """The router's answer.

    Attributes:
        lane: where the batch runs.
        instance_type: what it runs on.
        instance_count: how many.
        latency_s: expected seconds to the last document, loading not included.
        list_cost_usd: expected list cost; an estimate, never a bill.
        meets_deadline: whether the estimate fits the time left.
        reason: one sentence for a person.
        alternatives: every lane, the chosen one included.
    """

    lane: Lane
    instance_type: str
    instance_count: int
    latency_s: float
    list_cost_usd: float
    meets_deadline: bool
    reason: str
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class _Quote:
    """One admitted lane's offer: on how many instances, how long, for how much."""

    profile: LaneProfile
    instances: int
    latency_s: float
    list_cost_usd: float

    @property
    def needed_s(self) -> float:
        """Seconds that must be left for the lane to count as in time."""
        return self.latency_s * self.profile.slack_factor

    @property
    def price_first(self) -> tuple[float, float]:
        return self.list_cost_usd, self.latency_s

    @property
    def time_first(self) -> tuple[float, float]:
        return self.needed_s, self.list_cost_usd


def place(
    *,
    documents: int,
    tokens: int,
    time_left_s: float,
    profiles: Sequence[LaneProfile],
    loading_s: float,
    health: Mapping[Lane, str] | None = None,
    warm: Collection[Lane] = (),
) -> Placement:
    """Place a batch.

    Args:
        documents: valid documents in the batch.
        tokens: their estimated tokens.
        time_left_s: seconds to the deadline; negative when it has passed.
        profiles: one a lane that is configured.
        loading_s: seconds kept back for collecting and loading the results.
        health: lanes whose circuit breaker is open, each with the reason. Such a lane is left,
            unless every lane that admits the batch is open: then they are all tried again.
        warm: lanes that have an instance in service, so that no cold start is paid.

    Returns:
        The cheapest admitted lane that meets the deadline; if none does, the fastest admitted
        lane, with `meets_deadline` False and a reason that says so. A lane takes as many instances
        as the deadline asks for, up to its own limit.

    Raises:
        NoFeasibleLane: no lane admits a batch of this size.
    """
    budget_s = time_left_s - loading_s
    refused: dict[Lane, str] = {}
    quotes: list[_Quote] = []
    offers = [(p, _quote(p, tokens, budget_s, warm=p.lane in warm)) for p in profiles]
    for profile, offer in offers:
        refusal = _admission_refusal(profile, documents, tokens)
        if refusal:
            refused[profile.lane] = refusal
        else:
            quotes.append(offer)
    if not quotes:
        raise NoFeasibleLane(
            f"no lane admits {documents:,} documents (about {tokens:,} tokens): "
            + "; ".join(f"{lane.value} {why}" for lane, why in refused.items())
        )

    opened = {lane: why for lane, why in (health or {}).items() if why}
    healthy = [quote for quote in quotes if quote.profile.lane not in opened]
    candidates = healthy or quotes
    in_time = [quote for quote in candidates if quote.needed_s <= budget_s]
    if in_time:
        chosen = min(in_time, key=lambda quote: quote.price_first)
    else:
        chosen = min(candidates, key=lambda quote: quote.time_first)

    for quote in quotes:
        if quote is not chosen:
            lane = quote.profile.lane
            refused[lane] = (
                f"is open: {opened[lane]}"
                if lane in opened
                else _comparison(quote, chosen, budget_s)
            )
    return Placement(
        lane=chosen.profile.lane,
        instance_type=chosen.profile.instance_type,
        instance_count=chosen.instances,
        latency_s=chosen.latency_s,
        list_cost_usd=chosen.list_cost_usd,
        meets_deadline=bool(in_time),
        reason=_reason(chosen, budget_s, bool(in_time), bool(healthy), refused),
        alternatives=tuple(
            Alternative(
                profile.lane, offer.latency_s, offer.list_cost_usd, refused.get(profile.lane, "")
            )
            for profile, offer in offers
        ),
    )


def _quote(profile: LaneProfile, tokens: int, budget_s: float, *, warm: bool) -> _Quote:
    """Take the fewest instances that are in time, or as many as the lane has."""

    def on(instances: int) -> _Quote:
        return _Quote(
            profile,
            instances,
            profile.latency_s(tokens, instances, warm=warm),
            profile.list_cost_usd(tokens, instances, warm=warm),
        )

    offers = (on(instances) for instances in range(1, profile.max_instances + 1))
    return next((o for o in offers if o.needed_s <= budget_s), on(profile.max_instances))


def _admission_refusal(profile: LaneProfile, documents: int, tokens: int) -> str:
    if profile.max_documents is not None and documents > profile.max_documents:
        return f"takes at most {profile.max_documents:,} documents a batch"
    if profile.max_tokens is not None and tokens > profile.max_tokens:
        return f"takes at most {profile.max_tokens:,} tokens a batch"
    return ""


def _comparison(quote: _Quote, chosen: _Quote, budget_s: float) -> str:
    if quote.needed_s > budget_s:
        return f"needs {quote.needed_s:,.0f} s of the {max(budget_s, 0):,.0f} s left"
    if quote.list_cost_usd > chosen.list_cost_usd:
        if not chosen.list_cost_usd:
            return f"costs ${quote.list_cost_usd:.2g} more"
        return f"costs {quote.list_cost_usd / chosen.list_cost_usd:.1f} × as much"
    return "costs the same and is slower"


def _reason(
    chosen: _Quote, budget_s: float, in_time: bool, healthy: bool, refused: Mapping[Lane, str]
) -> str:
    lane, latency_s = chosen.profile.lane.value, chosen.latency_s
    if in_time:
        head = f"{lane}: cheapest lane in time, {latency_s:,.1f} s of {budget_s:,.0f} s left"
    else:
        head = (
            f"{lane}: no lane is in time ({max(budget_s, 0):,.0f} s left); "
            f"fastest, {latency_s:,.1f} s"
        )
    if chosen.instances > 1:
        head += f" on {chosen.instances} instances"
    if not healthy:
        head += "; every lane that takes the batch is open, so it is tried again"
    others = "; ".join(f"{name.value} {why}" for name, why in refused.items())
    return f"{head}; {others}" if others else head
