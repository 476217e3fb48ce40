"""Spot, on demand, or wait: a pure function of what is known and what was remembered."""

from __future__ import annotations

from include.domain.spot.dwell import Belief, DwellModel
from include.domain.spot.memory import SpotMemory
from include.domain.spot.plan import PlanTerms, plan
from include.domain.spot.safety import act_by_s, is_safe
from include.domain.spot.terms import Capacity, SpotChoice, SpotTerms, SpotView

BELIEF = Belief()


def decide(
    terms: SpotTerms,
    view: SpotView,
    memory: SpotMemory,
    prior: SpotMemory | None = None,
    belief: Belief = BELIEF,
) -> SpotChoice:
    """What to run on until the next decision.

    The same arguments give the same answer; nothing is kept outside of them but plans already
    computed. When the job was feasible at its start (`SpotTerms.is_feasible`), decisions follow
    within `SpotChoice.act_by_s` and are carried out, and changeovers take no longer than the terms
    say, the deadline is kept.

    Args:
        terms: what stays the same while the job lives.
        view: what is known now.
        memory: the last choice's memory; `SpotMemory()` at the job's start.
        prior: what earlier jobs saw of the same capacity, if anything.
        belief: what is taken for granted of any capacity.
    """
    memory = memory.look(view.elapsed_s, view.is_spot_available)
    if view.work_left_s <= 0:
        return SpotChoice(Capacity.NONE, memory, "nothing is left to do", terms.step_s)
    if view.running is Capacity.SPOT and is_safe(terms, view, Capacity.SPOT):
        return SpotChoice(Capacity.SPOT, memory, "spot runs", act_by_s(terms, view, Capacity.SPOT))
    seen = (memory,) if prior is None else (memory, prior)
    wanted, reason = _planned(terms, view, memory.age_s, DwellModel.learnt(belief, *seen))
    if not is_safe(terms, view, wanted):
        wanted, reason = Capacity.ON_DEMAND, "anything else could miss the deadline"
    return SpotChoice(wanted, memory, reason, act_by_s(terms, view, wanted))


def _planned(
    terms: SpotTerms, view: SpotView, age_s: float, model: DwellModel
) -> tuple[Capacity, str]:
    made = plan(
        PlanTerms(
            work_s=terms.work_s,
            deadline_s=terms.deadline_s,
            changeover_s=terms.changeover_s,
            reserve_s=terms.safe_changeover_s + terms.loss_s,
            price_ratio=terms.price_ratio,
        ),
        model,
    )
    left_s = terms.deadline_s - view.elapsed_s
    slack_s = left_s - view.work_left_s - view.changeover_left_s

    def gain(table: str) -> float:
        return made.advantage(getattr(made, table), left_s, age_s, slack_s)

    if view.running is Capacity.ON_DEMAND:
        if view.is_spot_available:
            if gain("hop") > 0:
                return Capacity.SPOT, "spot is worth a changeover"
            return Capacity.ON_DEMAND, "spot may not last long enough for a changeover"
        if gain("pause") > 0:
            return Capacity.NONE, "the deadline is far enough to wait for spot"
        return Capacity.ON_DEMAND, "spot is gone; on demand runs already"
    if view.is_spot_available:
        if gain("take") > 0:
            return Capacity.SPOT, "spot is to be had"
        return Capacity.NONE, "spot may not last long enough for a changeover"
    if gain("start") > 0:
        return Capacity.ON_DEMAND, "slack is worth more than the wait for spot"
    return Capacity.NONE, "spot is worth the wait"
