"""The router's first rule: the cheapest lane that admits the batch and meets its deadline.

A pure function of the batch's size, the lanes' profiles and the time left. Every number comes
from the lanes file (settings) or from measurement; every answer says why, and what each refused
lane would have cost.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def place(
    *,
    documents: int,
    tokens: int,
    time_left_s: float,
    profiles: Sequence[LaneProfile],
    loading_s: float,
) -> Placement:
    """Place a batch.

    Args:
        documents: valid documents in the batch.
        tokens: their estimated tokens.
        time_left_s: seconds to the deadline; negative when it has passed.
        profiles: one a lane that is open.
        loading_s: seconds kept back for collecting and loading the results.

    Returns:
        The cheapest admitted lane that meets the deadline; if none does, the fastest admitted
        lane, with `meets_deadline` False and a reason that says so.

    Raises:
        NoFeasibleLane: no lane admits a batch of this size.
    """
    budget_s = time_left_s - loading_s
    refused: dict[Lane, str] = {}
    admitted: list[LaneProfile] = []
    for profile in profiles:
        refusal = _admission_refusal(profile, documents, tokens)
        if refusal:
            refused[profile.lane] = refusal
        else:
            admitted.append(profile)
    if not admitted:
        raise NoFeasibleLane(
            f"no lane admits {documents:,} documents (about {tokens:,} tokens): "
            + "; ".join(f"{lane.value} {why}" for lane, why in refused.items())
        )

    in_time = [p for p in admitted if p.latency_s(tokens) <= budget_s]
    if in_time:
        chosen = min(in_time, key=lambda p: (p.list_cost_usd(tokens), p.latency_s(tokens)))
    else:
        chosen = min(admitted, key=lambda p: (p.latency_s(tokens), p.list_cost_usd(tokens)))

    for profile in admitted:
        if profile is not chosen:
            refused[profile.lane] = _comparison(profile, chosen, tokens, budget_s)
    return Placement(
        lane=chosen.lane,
        instance_type=chosen.instance_type,
        instance_count=1,
        latency_s=chosen.latency_s(tokens),
        list_cost_usd=chosen.list_cost_usd(tokens),
        meets_deadline=bool(in_time),
        reason=_reason(chosen, tokens, budget_s, bool(in_time), refused),
        alternatives=tuple(
            Alternative(
                p.lane, p.latency_s(tokens), p.list_cost_usd(tokens), refused.get(p.lane, "")
            )
            for p in profiles
        ),
    )


def _admission_refusal(profile: LaneProfile, documents: int, tokens: int) -> str:
    if profile.max_documents is not None and documents > profile.max_documents:
        return f"takes at most {profile.max_documents:,} documents a batch"
    if profile.max_tokens is not None and tokens > profile.max_tokens:
        return f"takes at most {profile.max_tokens:,} tokens a batch"
    return ""


def _comparison(profile: LaneProfile, chosen: LaneProfile, tokens: int, budget_s: float) -> str:
    latency_s = profile.latency_s(tokens)
    if latency_s > budget_s:
        return f"needs {latency_s:,.0f} s of the {max(budget_s, 0):,.0f} s left"
    cost, chosen_cost = profile.list_cost_usd(tokens), chosen.list_cost_usd(tokens)
    if cost > chosen_cost:
        return f"costs {cost / chosen_cost:.1f} × as much"
    return "costs the same and is slower"


def _reason(
    chosen: LaneProfile,
    tokens: int,
    budget_s: float,
    in_time: bool,
    refused: dict[Lane, str],
) -> str:
    latency_s = chosen.latency_s(tokens)
    if in_time:
        head = (
            f"{chosen.lane.value}: cheapest lane in time, {latency_s:,.1f} s "
            f"of {budget_s:,.0f} s left"
        )
    else:
        head = (
            f"{chosen.lane.value}: no lane is in time ({max(budget_s, 0):,.0f} s left); "
            f"fastest, {latency_s:,.1f} s"
        )
    others = "; ".join(f"{lane.value} {why}" for lane, why in refused.items())
    return f"{head}; {others}" if others else head
