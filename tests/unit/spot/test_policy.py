import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.spot.baselines import view as view_of
from benchmarks.spot.measure import ours
from benchmarks.spot.simulate import simulate
from include.domain.spot.dwell import GRID, Belief, DwellModel, survival
from include.domain.spot.memory import SpotMemory
from include.domain.spot.plan import PlanTerms, plan
from include.domain.spot.policy import decide
from include.domain.spot.safety import is_safe
from include.domain.spot.terms import Capacity, SpotTerms, SpotView

HOUR = 3600.0
TERMS = SpotTerms(6 * HOUR, 9 * HOUR, 300, 3.0, 300)


def random_terms(random):
    gap_s = random.choice((60, 195, 600))
    changeover_s = random.choice((0, 40, 180, 720, 1800))
    work_s = random.uniform(0.2, 8) * HOUR
    slack_s = changeover_s + random.choice((0, 1, 100, 1000, 10000, 60000)) * random.random()
    ratio = random.choice((1.0, 1.1, 3.0, 20.0))
    return SpotTerms(work_s, work_s + slack_s, changeover_s, ratio, gap_s)


def availability(random, ticks, changeover_ticks):
    """Traces of several kinds; one takes spot away as soon as its changeover is paid."""
    kind = random.randrange(6)
    if kind == 0:
        return [1] * ticks
    if kind == 1:
        return [0] * ticks
    if kind == 2:
        length = max(1, changeover_ticks)
        return [(tick // length + 1) % 2 for tick in range(ticks)]
    if kind == 3:
        return [int(tick > ticks * 0.6) for tick in range(ticks)]
    if kind == 4:
        return [int(random.random() < 0.5) for _ in range(ticks)]
    trace, now = [], 1
    for _ in range(ticks):
        now = now if random.random() < 0.95 else 1 - now
        trace.append(now)
    return trace


@pytest.mark.parametrize("seed", range(24))
def test_a_job_that_was_feasible_is_never_late(seed):
    random = Random(seed)  # noqa: S311
    terms = random_terms(random)
    assert terms.is_feasible
    ticks = int(terms.deadline_s // terms.step_s) + 2
    trace = availability(random, ticks, round(terms.changeover_s / terms.step_s))
    outcome = simulate(terms, trace, ours(Belief()), terms.step_s)
    assert not outcome.is_late, (terms, outcome)


@pytest.mark.parametrize("seed", range(12))
def test_an_adversary_who_watches_cannot_make_it_late(seed):
    """Spot goes away at the worst moments: whenever it was just chosen, or slack is short."""
    random = Random(seed)  # noqa: S311
    terms = random_terms(random)
    policy = ours(Belief())
    trace = [1] * (int(terms.deadline_s // terms.step_s) + 2)

    def watched(terms, job):
        chosen = policy(terms, job)
        tick = round(job.elapsed_s / terms.step_s)
        if chosen is Capacity.SPOT and tick + 1 < len(trace) and random.random() < 0.4:
            for lost in range(tick + 1, min(len(trace), tick + 1 + random.randrange(1, 20))):
                trace[lost] = 0
        return chosen

    assert not simulate(terms, trace, watched, terms.step_s).is_late


@pytest.mark.parametrize("seed", range(20))
def test_the_net_holds_for_the_worst_changeover_and_unseen_losses(seed):
    """A safe step leaves on demand in time, though it lose all that the terms allow."""
    random = Random(seed)  # noqa: S311
    terms = replace(random_terms(random), worst_changeover_s=900, loss_s=120)
    for _ in range(50):
        left_s = random.uniform(0, terms.deadline_s)
        view = SpotView(
            terms.deadline_s - left_s, random.uniform(1, terms.work_s), Capacity.NONE, 0.0, True
        )
        for capacity in (Capacity.NONE, Capacity.SPOT):
            if is_safe(terms, view, capacity) and view.work_left_s > terms.step_s:
                progress_s = (
                    max(0.0, terms.step_s - 900 - 120) if capacity is Capacity.SPOT else 0.0
                )
                needed_s = view.work_left_s - progress_s + terms.safe_changeover_s
                assert left_s - terms.step_s >= needed_s - 1e-3


def test_the_same_arguments_give_the_same_choice_and_the_memory_passes_through_json():
    random = Random(5)  # noqa: S311
    memory, reread = SpotMemory(), SpotMemory()
    for tick in range(60):
        view = SpotView(tick * 300.0, 6 * HOUR, Capacity.NONE, 0.0, random.random() < 0.3)
        choice = decide(TERMS, view, memory)
        assert decide(TERMS, view, memory) == choice == decide(TERMS, view, reread)
        memory = choice.memory
        reread = SpotMemory.from_json(json.loads(json.dumps(memory.to_json())))


def test_nothing_left_is_done():
    choice = decide(TERMS, SpotView(100, 0, Capacity.ON_DEMAND, 0, True), SpotMemory())
    assert choice.capacity is Capacity.NONE


def test_running_spot_is_kept():
    choice = decide(TERMS, SpotView(HOUR, 5.5 * HOUR, Capacity.SPOT, 0, True), SpotMemory())
    assert choice.capacity is Capacity.SPOT


def test_spot_that_is_not_known_to_be_there_is_neither_chosen_nor_learnt_from():
    for running in (Capacity.NONE, Capacity.ON_DEMAND):
        choice = decide(TERMS, SpotView(0, 6 * HOUR, running, 0, None), SpotMemory())
        assert choice.capacity is not Capacity.SPOT
        assert choice.memory == SpotMemory()


def test_without_slack_it_is_on_demand_at_once():
    terms = replace(TERMS, deadline_s=6 * HOUR + 300)
    choice = decide(terms, SpotView(0, 6 * HOUR, Capacity.NONE, 0, True), SpotMemory())
    assert choice.capacity is Capacity.ON_DEMAND


def test_the_next_decision_is_due_before_the_last_way_out_closes():
    view = SpotView(0, 6 * HOUR, Capacity.NONE, 0, False)
    terms = replace(TERMS, step_s=6 * HOUR)
    assert decide(terms, view, SpotMemory()).capacity is Capacity.ON_DEMAND
    waiting = decide(replace(TERMS, deadline_s=30 * HOUR), view, SpotMemory())
    assert waiting.capacity is Capacity.NONE
    assert 0 < waiting.act_by_s <= TERMS.step_s


def test_with_much_time_it_waits_for_spot_and_with_little_it_does_not():
    memory = SpotMemory().look(0, False)
    view = SpotView(4 * HOUR, 6 * HOUR, Capacity.NONE, 0, False)
    assert decide(replace(TERMS, deadline_s=40 * HOUR), view, memory).capacity is Capacity.NONE
    tight = replace(TERMS, deadline_s=10 * HOUR + 1200)
    assert decide(tight, view, memory).capacity is Capacity.ON_DEMAND


def test_on_demand_is_left_for_spot_that_has_lasted_rather_than_for_new_spot():
    made = plan(PlanTerms(6 * HOUR, 9 * HOUR, 720, 720, 3.0), DwellModel(GRID[4], GRID[6]))
    gains = [made.advantage(made.hop, 7 * HOUR, age, 1.5 * HOUR) for age in (900, 3600, 9000)]
    assert gains == sorted(gains)


def test_hazards_are_learnt_from_what_ends():
    flickering, steady = SpotMemory(), SpotMemory()
    for look in range(1, 60):
        flickering = flickering.look(look * 900.0, look % 2 == 0)
        steady = steady.look(look * 900.0, True)
    belief = Belief()
    assert DwellModel.learnt(belief, flickering).up > DwellModel.learnt(belief).up
    assert DwellModel.learnt(belief, steady).up < DwellModel.learnt(belief).up


@given(st.sampled_from(GRID), st.floats(0, 1e6), st.floats(0, 1e5), st.floats(0, 1e5))
@settings(max_examples=50)
def test_survival_is_a_chance_and_multiplies_over_time(hazard, age_s, first_s, second_s):
    whole = survival(hazard, age_s, first_s + second_s)
    parts = survival(hazard, age_s, first_s) * survival(hazard, age_s + first_s, second_s)
    assert 0 <= whole <= 1
    assert whole == pytest.approx(parts, abs=1e-9)


def test_what_the_simulator_tells_is_what_production_is_told():
    def policy(terms, job):
        told = view_of(job)
        assert told.running is not Capacity.SPOT or told.is_spot_available
        assert told.work_left_s > 0
        return Capacity.SPOT if job.is_spot_available else Capacity.NONE

    simulate(TERMS, [1, 0, 1, 1] * 30, policy, 300)
