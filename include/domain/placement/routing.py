"""The router: the least expected cost at which the deadline is as good as sure.

A pure function of the batch's size, the time left, the lanes' profiles and what is believed of
them (`include.domain.curves`). Every number comes from the lanes file (settings) or from what
batches took; every answer says why, and what each refused lane would have cost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from include.domain.curves.lane_curve import LaneCurve
from include.domain.errors import NoFeasibleLane
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.quotes import (
    SURELY_LATE,
    Demand,
    Quote,
    best_quote,
    is_in_time,
    least_instances,
)
from include.domain.placement.routing_reasons import Answer, reason, refusals

MAX_MISS = 0.01
"""A lane is in time when it misses the deadline of at most one batch in a hundred."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What one lane would have meant for the batch.

    Attributes:
        refusal: why it was not taken; empty for the lane that was.
        miss_probability: of being late there; None in records from before it was known.
        doubt_usd: standard deviation of the expected list cost.
        observations: batches that the estimate rests on, besides the lanes file.
    """

    lane: Lane
    latency_s: float
    list_cost_usd: float
    refusal: str
    miss_probability: float | None = None
    doubt_usd: float = 0.0
    observations: int = 0


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
        exploration_usd: what it is expected to cost beyond the cheapest lane, to learn of this one.
    """

    lane: Lane
    instance_type: str
    instance_count: int
    latency_s: float
    list_cost_usd: float
    meets_deadline: bool
    reason: str
    alternatives: tuple[Alternative, ...]
    exploration_usd: float = 0.0


def place(
    *,
    documents: int,
    tokens: int,
    time_left_s: float,
    profiles: Sequence[LaneProfile],
    loading_s: float,
    health: Mapping[Lane, str] | None = None,
    warm: Collection[Lane] = (),
    curves: Mapping[Lane, LaneCurve] | None = None,
    wait_s: Mapping[Lane, float] | None = None,
    max_miss: float = MAX_MISS,
    explore_usd: float = 0.0,
) -> Placement:
    """Place a batch.

    A lane is admitted by the limits of its profile, and where calibration has found how many
    documents fit on an instance, on as many instances as that asks for.

    Args:
        documents: valid documents in the batch.
        tokens: their estimated tokens.
        time_left_s: seconds to the deadline; negative when it has passed.
        profiles: one a lane that is configured.
        loading_s: seconds kept back for collecting and loading the results.
        health: lanes whose circuit breaker is open, each with the reason. Such a lane is left,
            unless every lane that admits the batch is open: then they are all tried again.
        warm: lanes that have an instance in service, so that no cold start is paid.
        curves: what is believed of lanes; one without is taken at its profile's word.
        wait_s: seconds until a lane has capacity, where it has none now.
        max_miss: miss probability that is accepted.
        explore_usd: what may be spent on this batch, beyond the cheapest lane's expected cost, to
            learn of a lane that may be cheaper.

    Returns:
        The cheapest admitted lane that is in time; if none is, the one least at risk (of those
        within `max_miss` of it the cheapest), and where all are late the fastest, with
        `meets_deadline` False and a reason that says so. A lane takes as many instances as the
        deadline asks for, up to its own limit.

    Raises:
        NoFeasibleLane: no lane admits a batch of this size.
    """
    demand = Demand(documents, tokens, time_left_s - loading_s, max_miss)
    known, waits = curves or {}, wait_s or {}
    offers = [
        best_quote(
            profile,
            known.get(profile.lane),
            demand,
            warm=profile.lane in warm,
            wait_s=waits.get(profile.lane, 0.0),
        )
        for profile in profiles
    ]
    refused = {
        quote.profile.lane: why
        for quote in offers
        if (why := _admission_refusal(quote.profile, known.get(quote.profile.lane), demand))
    }
    quotes = [quote for quote in offers if quote.profile.lane not in refused]
    if not quotes:
        raise NoFeasibleLane(
            f"no lane admits {documents:,} documents (about {tokens:,} tokens): "
            + "; ".join(f"{lane.value} {why}" for lane, why in refused.items())
        )
    opened = {lane: why for lane, why in (health or {}).items() if why}
    healthy = [quote for quote in quotes if quote.profile.lane not in opened]
    candidates = healthy or quotes
    in_time = [quote for quote in candidates if is_in_time(quote, demand)]
    best = _best(candidates, in_time, demand)
    chosen = _worth_a_try(in_time, best, explore_usd)
    answer = Answer(chosen, best, demand, bool(in_time), bool(healthy))
    refused = refusals(answer, quotes, opened, refused)
    return Placement(
        lane=chosen.profile.lane,
        instance_type=chosen.profile.instance_type,
        instance_count=chosen.instances,
        latency_s=chosen.latency_s,
        list_cost_usd=chosen.list_cost_usd,
        meets_deadline=bool(in_time),
        reason=reason(answer, refused),
        alternatives=tuple(_alternative(quote, refused) for quote in offers),
        exploration_usd=answer.extra_usd,
    )


def _best(candidates: Sequence[Quote], in_time: Sequence[Quote], demand: Demand) -> Quote:
    if in_time:
        return min(in_time, key=lambda quote: quote.price_first)
    fitting = [quote for quote in candidates if quote.needed_s <= demand.budget_s] or candidates
    least = min(quote.miss_probability for quote in fitting)
    if least >= SURELY_LATE:
        return min(candidates, key=lambda quote: quote.time_first)
    accepted = least + demand.max_miss
    near = [quote for quote in fitting if quote.miss_probability <= accepted]
    return min(near, key=lambda quote: quote.price_first)


def _worth_a_try(in_time: Sequence[Quote], best: Quote, explore_usd: float) -> Quote:
    """Return the lane in time that may be the cheapest, where finding out is within the budget.

    Optimism in the face of uncertainty: a lane is tried while its expected cost less its doubt is
    below the best one's, and its doubt shrinks with each try.
    """
    tries = [
        quote
        for quote in in_time
        if quote.list_cost_usd - best.list_cost_usd <= explore_usd
        and quote.optimistic_usd < best.list_cost_usd
        and quote.doubt_usd > best.doubt_usd
    ]
    return min([*tries, best], key=lambda quote: quote.optimistic_usd) if explore_usd > 0 else best


def _alternative(quote: Quote, refused: Mapping[Lane, str]) -> Alternative:
    lane = quote.profile.lane
    return Alternative(
        lane,
        quote.latency_s,
        quote.list_cost_usd,
        refused.get(lane, ""),
        quote.miss_probability,
        quote.doubt_usd,
        quote.observations,
    )


def _admission_refusal(profile: LaneProfile, curve: LaneCurve | None, demand: Demand) -> str:
    if profile.max_documents is not None and demand.documents > profile.max_documents:
        return f"takes at most {profile.max_documents:,} documents a batch"
    if profile.max_tokens is not None and demand.tokens > profile.max_tokens:
        return f"takes at most {profile.max_tokens:,} tokens a batch"
    if least_instances(curve, demand) > profile.max_instances:
        return (
            f"has room for {demand.most_documents(curve):,} documents of about "
            f"{demand.document_tokens:,.0f} tokens an instance, as calibrated, "
            f"and {profile.max_instances} instance(s)"
        )
    return ""
