from itertools import product
from random import Random

import pytest

from benchmarks.spot.baselines import BASELINES
from benchmarks.spot.measure import ours
from benchmarks.spot.optimum import optimal_costs
from benchmarks.spot.simulate import simulate
from include.domain.spot.dwell import Belief
from include.domain.spot.terms import Capacity, SpotTerms

GAP_S = 60
ORDER = (Capacity.NONE, Capacity.SPOT, Capacity.ON_DEMAND)


def by_brute_force(terms, availability):
    """The cheapest of all schedules that decide once a tick, each run by the simulator."""
    best = float("inf")
    choices = [ORDER if available else (ORDER[0], ORDER[2]) for available in availability]
    for schedule in product(*choices):
        outcome = simulate(
            terms, availability, lambda t, job, s=schedule: s[round(job.elapsed_s / GAP_S)], GAP_S
        )
        if not outcome.is_late:
            best = min(best, outcome.cost(terms.price_ratio))
    return best


@pytest.mark.parametrize("seed", range(16))
def test_the_optimum_is_what_trying_every_schedule_finds(seed):
    random = Random(seed)  # noqa: S311
    ticks = 8
    availability = [int(random.random() < 0.6) for _ in range(ticks)]
    work_s, changeover_s = GAP_S * random.randint(1, 5), GAP_S * random.randint(0, 2)
    terms = SpotTerms(work_s, ticks * GAP_S, changeover_s, random.choice((1.5, 3.0, 10.0)), GAP_S)
    (optimum,) = optimal_costs(
        availability, GAP_S, work_s, [ticks * GAP_S], changeover_s, terms.price_ratio
    )
    assert optimum == pytest.approx(by_brute_force(terms, availability))


def test_several_deadlines_at_once_are_the_same_as_one_by_one():
    random = Random(1)  # noqa: S311
    availability = [int(random.random() < 0.5) for _ in range(60)]
    deadlines = [1500, 1800, 2700, 3600]
    together = optimal_costs(availability, GAP_S, 1200, deadlines, 90, 3.0)
    assert together == [
        optimal_costs(availability, GAP_S, 1200, [one], 90, 3.0)[0] for one in deadlines
    ]
    assert together == sorted(together, reverse=True)


def test_a_job_that_cannot_be_done_costs_without_end():
    assert optimal_costs([1] * 10, GAP_S, 600, [600], 60, 3.0) == [float("inf")]


@pytest.mark.parametrize("seed", range(6))
def test_no_policy_costs_less_than_the_optimum(seed):
    random = Random(seed)  # noqa: S311
    availability, available = [], 1
    for _ in range(200):
        available = available if random.random() < 0.9 else 1 - available
        availability.append(available)
    terms = SpotTerms(6000, 6000 + 60 * random.randint(5, 90), random.choice((50, 120)), 3.0, 60)
    (optimum,) = optimal_costs(
        availability, GAP_S, 6000, [int(terms.deadline_s)], int(terms.changeover_s), 3.0
    )
    for make in (*BASELINES.values(), lambda seed: ours(Belief())):
        outcome = simulate(terms, availability, make(seed), GAP_S)
        assert not outcome.is_late
        assert outcome.cost(3.0) >= optimum - 1e-6
