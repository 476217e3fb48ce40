import pytest

from benchmarks.spot.baselines import greedy, kept_safe, on_demand, ross, uniform_progress
from benchmarks.spot.baselines import uniform_progress_plain as plain
from benchmarks.spot.simulate import simulate
from include.domain.spot.terms import Capacity, SpotTerms

GAP_S = 60.0


def terms(work=600, deadline=1200, changeover=60, price_ratio=3.0):
    return SpotTerms(work, deadline, changeover, price_ratio, GAP_S)


def run(policy, availability, job=None):
    decided = []

    def noted(terms, state):
        decided.append(policy(terms, state).value[0])
        return policy(terms, state)

    outcome = simulate(job or terms(), [int(a) for a in availability], noted, GAP_S)
    return outcome, "".join(decided)


def test_a_changeover_is_billed_at_the_new_price_and_makes_no_progress():
    outcome, _ = run(on_demand, "0" * 20)
    assert (outcome.on_demand_s, outcome.spot_s, outcome.changeovers) == (660, 0, 1)
    assert outcome.finished_s == 660
    assert outcome.cost(3.0) == 1980


def test_an_instance_lost_in_its_changeover_has_done_nothing():
    outcome, decided = run(greedy, "100" + "1" * 17, terms(changeover=90))
    assert decided.startswith("snns")
    assert outcome.spot_s == 60 + 90 + 600


def test_work_is_finished_within_a_tick():
    outcome, _ = run(on_demand, "0" * 20, terms(work=610))
    assert outcome.finished_s == 670


def test_spot_where_there_is_none_is_refused():
    with pytest.raises(ValueError, match="tick 0"):
        run(lambda terms, job: Capacity.SPOT, "0")


def test_a_trace_that_ends_too_soon_leaves_the_job_late():
    outcome, _ = run(on_demand, "000")
    assert outcome.is_late


def test_greedy_waits_until_the_net_is_due_and_then_stays_on_demand():
    # R < C + 2d first holds at 9 ticks: 1200 - 540 < 600 + 120
    outcome, decided = run(kept_safe(greedy), "0" * 10 + "1" * 10)
    assert decided == "n" * 9 + "o" * 11
    assert not outcome.is_late


def test_greedy_stays_on_spot_until_it_is_lost():
    _, decided = run(kept_safe(greedy), "0011110" + "1" * 13)
    assert decided.startswith("nnssssns")


def test_uniform_progress_starts_on_demand_as_soon_as_it_is_behind():
    # at t = 0 the expected progress is 0: not behind yet
    _, decided = run(kept_safe(uniform_progress), "0" * 20)
    assert decided.startswith("no")


def test_uniform_progress_leaves_on_demand_only_when_two_changeovers_ahead():
    # on demand from 60 s; cp(t) = t - 120, ep(t + 120) = (t + 120) / 2: ahead from t = 360 on
    _, decided = run(kept_safe(uniform_progress), "00" + "1" * 18)
    assert decided.startswith("n" + "o" * 5 + "s")


def test_uniform_progress_plain_takes_any_spot_at_once_and_keeps_on_demand_else():
    _, decided = run(kept_safe(plain), "0001" + "0" * 16)
    assert decided.startswith("noos")
    assert "n" not in decided[1:4]


def test_ross_runs_on_demand_for_the_drawn_share_of_the_work():
    # K = 4: delta = C / 3; a tight deadline starts the injection at once; spot is always there
    job = terms(work=6000, deadline=9000, changeover=0, price_ratio=4.0)
    for seed in range(5):
        outcome, _ = run(kept_safe(ross(seed)), "1" * 160, job)
        assert abs(outcome.on_demand_s - 2000) <= 2 * GAP_S
        assert run(kept_safe(ross(seed)), "1" * 160, job)[0] == outcome
    spot_first, _ = run(kept_safe(ross(0, takes_spot_within=True)), "1" * 160, job)
    assert spot_first.on_demand_s == 0
