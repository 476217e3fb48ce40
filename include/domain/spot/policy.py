"""Spot, on demand, or wait: a pure function of what is known and what was remembered."""

from __future__ import annotations

from include.domain.spot.memory import SpotMemory
from include.domain.spot.safety import act_by_s, safe_capacities
from include.domain.spot.terms import Capacity, SpotChoice, SpotTerms, SpotView


def decide(
    terms: SpotTerms, view: SpotView, memory: SpotMemory, prior: SpotMemory | None = None
) -> SpotChoice:
    """What to run on until the next decision.

    The same arguments give the same answer; nothing is kept outside of them. When the job was
    feasible at its start (`SpotTerms.is_feasible`), decisions follow within `SpotChoice.act_by_s`
    and are carried out, and changeovers take no longer than the terms say, the deadline is kept.

    Args:
        terms: what stays the same while the job lives.
        view: what is known now.
        memory: the last choice's memory; `SpotMemory()` at the job's start.
        prior: what earlier jobs saw of the same capacity, if anything.
    """
    memory = memory.look(view.elapsed_s, view.is_spot_available)
    if view.work_left_s <= 0:
        return SpotChoice(Capacity.NONE, memory, "nothing is left to do", terms.step_s)
    safe = safe_capacities(terms, view)
    wanted, reason = _wanted(terms, view)
    if wanted not in safe:
        wanted, reason = Capacity.ON_DEMAND, "anything else could miss the deadline"
    return SpotChoice(wanted, memory, reason, act_by_s(terms, view, wanted))


def _wanted(terms: SpotTerms, view: SpotView) -> tuple[Capacity, str]:
    if view.is_spot_available:
        return Capacity.SPOT, "spot is to be had"
    if view.running is Capacity.ON_DEMAND:
        return Capacity.ON_DEMAND, "spot is gone; on demand runs already"
    expected_s = terms.work_s * view.elapsed_s / terms.deadline_s
    if terms.work_s - view.work_left_s < expected_s:
        return Capacity.ON_DEMAND, "behind the uniform pace"
    return Capacity.NONE, "ahead of the uniform pace"
