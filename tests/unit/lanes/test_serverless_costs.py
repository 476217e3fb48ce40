"""What calls to a serverless endpoint are charged for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.execution.pacing import Call
from include.domain.money.costs import Waste
from include.pipeline.lanes.serverless.costs import Attempt, failed_run, finished_run, together

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
calls = st.builds(Call, st.floats(0, 100), st.floats(0.001, 60), st.integers(1, 10**5))


def attempt(*calls, seconds=10.0, wasted_s=0.0, warm_tokens_per_s=1000.0):
    return Attempt(
        "twolane-x-v1",
        "serverless-4096MB",
        AT,
        AT + timedelta(seconds=seconds),
        calls,
        wasted_s,
        warm_tokens_per_s,
    )


def test_calls_that_run_at_once_are_billed_beside_each_other_and_time_between_them_is_not():
    four = [Call(0, 2.0, 2000) for _ in range(4)]
    run = finished_run(attempt(*four, Call(7, 1.0, 1000)))
    assert (run.billed_s, run.held_s, run.instance_count) == (9.0, 10.0, 1)
    assert finished_run(attempt(*four, seconds=2.0)).billed_s == 8.0, "more than it took"
    assert (run.waste_s, run.cold_start_s) == ({}, 0.0)


def test_each_environments_start_is_waited_for_and_not_billed():
    first = [Call(0, 1.0, 1000), Call(0, 6.0, 1000), Call(0, 5.0, 1000)]
    run = finished_run(attempt(*first, Call(6, 1.0, 1000), Call(7, 1.0, 1000)))
    assert run.billed_s == pytest.approx(5.0)
    assert run.cold_start_s == pytest.approx(5.0), "the longest of them"


def test_failed_calls_are_billed_as_waste_and_an_attempt_is_added_to_those_before():
    failed = failed_run(attempt(Call(0, 2.0, 2000), wasted_s=1.0), unanswered_share=0.5)
    assert failed is not None
    assert (failed.billed_s, failed.waste_s) == (3.0, {Waste.RETRY: 1.5})
    both = together(failed, finished_run(attempt(Call(0, 4.0, 4000), wasted_s=0.5)))
    assert (both.billed_s, both.waste_s) == (7.5, {Waste.RETRY: 2.0})
    assert failed_run(attempt(), unanswered_share=1.0) is None, "nothing ran"


@given(st.lists(calls, max_size=8), st.floats(0, 60), st.floats(0, 1), st.floats(1, 1e5))
def test_no_more_is_billed_than_ran_and_no_more_wasted_than_is_billed(
    made, wasted_s, share, warm_tokens_per_s
):
    tried = attempt(*made, wasted_s=wasted_s, warm_tokens_per_s=warm_tokens_per_s)
    for run in (finished_run(tried), failed_run(tried, unanswered_share=share)):
        if run is not None:
            assert 0 <= run.billed_s <= sum(call.seconds for call in made) + wasted_s
            assert sum(run.waste_s.values()) <= run.billed_s + 1e-9
