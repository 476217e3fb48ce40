"""The breaker's state machine, and whose fault a failure is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.errors import EndpointUnavailable, JobFailed, JobStopped, StoreError
from include.domain.lane_health.breaker import admit, closed, observe, opened_by_hand, refusal
from include.domain.lane_health.breaker_state import (
    Breaker,
    BreakerPolicy,
    BreakerState,
    Change,
    Outcome,
    Verdict,
)
from include.domain.lane_health.lane_failures import verdict_of

POLICY = BreakerPolicy(
    window_s=600, minimum_outcomes=3, failure_rate=0.5, pause_s=60, max_pause_s=200, lease_s=300
)
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Lane:
    """One breaker with its outcomes, as a store would keep them."""

    def __init__(self) -> None:
        self.breaker = Breaker.new(START)
        self.outcomes: list[Outcome] = []
        self.transitions: list[tuple[BreakerState, BreakerState]] = []

    def take(self, change: Change) -> Change:
        self.breaker = change.breaker
        if change.transition is not None:
            self.transitions.append((change.transition.from_state, change.transition.to_state))
        return change

    def end(
        self, verdict: Verdict, seconds: float, batch: str = "b", started: float | None = None
    ) -> Change:
        number = str(len(self.outcomes))
        begun = at(seconds if started is None else started)
        outcome = Outcome(number, batch, verdict, begun, at(seconds), "no answer")
        self.outcomes.append(outcome)
        return self.take(observe(self.breaker, outcome, self.outcomes, policy=POLICY))

    def fail(self, *seconds: float) -> None:
        for moment in seconds:
            self.end(Verdict.FAILURE, moment)

    def admit(self, batch: str, seconds: float, lease_s: float = 0) -> bool:
        change = admit(self.breaker, batch, at(seconds), lease_s=lease_s, policy=POLICY)
        return self.take(change).is_admitted

    def refusal(self, seconds: float, batch: str = "other") -> str:
        return refusal(self.breaker, batch, at(seconds))


def open_lane() -> Lane:
    lane = Lane()
    lane.fail(1, 2, 3)
    assert lane.breaker.state is BreakerState.OPEN
    return lane


def test_it_opens_on_a_rate_with_enough_outcomes_and_says_why() -> None:
    lane = Lane()
    lane.fail(1, 2)
    assert lane.refusal(2) == ""
    lane.end(Verdict.SUCCESS, 3)
    lane.end(Verdict.SUCCESS, 4)
    assert lane.breaker.state is BreakerState.CLOSED
    change = lane.end(Verdict.FAILURE, 5)
    assert change.transition is not None
    assert change.transition.failure_rate == pytest.approx(0.6)
    assert lane.refusal(6) == (
        "3 of its last 5 tries failed, last: no answer; tried again from 12:01:05 UTC"
    )


def test_old_outcomes_and_neutral_ones_do_not_count() -> None:
    lane = Lane()
    lane.fail(1, 2)
    lane.end(Verdict.NEUTRAL, 3)
    lane.end(Verdict.NEUTRAL, 4)
    lane.fail(700)
    assert lane.breaker.state is BreakerState.CLOSED


def test_one_probe_at_a_time_until_its_lease_is_over() -> None:
    lane = open_lane()
    assert not lane.admit("early", 62)
    assert lane.admit("first", 63)
    assert lane.admit("first", 64)  # a retry is the same probe
    assert not lane.admit("second", 65)
    assert lane.refusal(65) == "batch first is trying it"
    assert lane.admit("second", 64 + 300)
    assert not lane.admit("first", 64 + 301)


def test_a_long_probe_keeps_its_lease() -> None:
    lane = open_lane()
    assert lane.admit("long", 70, lease_s=1000)
    assert not lane.admit("other", 1000)


def test_a_probe_that_succeeds_closes_and_forgets() -> None:
    lane = open_lane()
    lane.admit("probe", 70)
    lane.end(Verdict.SUCCESS, 80, "probe")
    assert lane.breaker.state is BreakerState.CLOSED
    lane.fail(81)
    assert lane.breaker.state is BreakerState.CLOSED
    lane.fail(82)
    assert lane.breaker.pause_s == 60


def test_a_probe_that_fails_opens_again_for_longer_up_to_a_limit() -> None:
    lane, now, pauses = open_lane(), 3.0, []
    for _ in range(4):
        now += lane.breaker.pause_s
        assert lane.admit("probe", now)
        lane.end(Verdict.FAILURE, now + 1, "probe")
        now += 1
        pauses.append(lane.breaker.pause_s)
    assert pauses == [120, 200, 200, 200]


def test_a_probe_that_fails_by_its_own_fault_gives_the_lease_back() -> None:
    lane = open_lane()
    lane.admit("probe", 70)
    lane.end(Verdict.NEUTRAL, 71, "probe")
    assert lane.admit("next", 72)


def test_batches_that_began_before_the_opening_change_nothing_after_it() -> None:
    lane = open_lane()
    lane.end(Verdict.SUCCESS, 10, "slow", started=0)
    lane.end(Verdict.FAILURE, 11, "slower", started=0)
    assert lane.breaker.state is BreakerState.OPEN
    assert lane.breaker.half_opens_at == at(63)
    lane.admit("probe", 70)
    lane.end(Verdict.FAILURE, 71, "slowest", started=0)
    assert lane.breaker.state is BreakerState.HALF_OPEN


def test_a_success_begun_after_the_opening_closes_whoever_had_it() -> None:
    lane = open_lane()
    lane.end(Verdict.SUCCESS, 30, "brave", started=5)
    assert lane.breaker.state is BreakerState.CLOSED


def test_a_person_opens_and_resets() -> None:
    lane = Lane()
    lane.take(opened_by_hand(lane.breaker, "by hand: maintenance", at(1), policy=POLICY))
    assert lane.refusal(2).startswith("by hand: maintenance")
    lane.take(closed(lane.breaker, "by hand: done", 0.0, at(3)))
    assert lane.refusal(4) == ""
    assert lane.take(closed(lane.breaker, "again", 0.0, at(5))).transition is None


LEGAL = {
    (BreakerState.CLOSED, BreakerState.OPEN),
    (BreakerState.OPEN, BreakerState.HALF_OPEN),
    (BreakerState.OPEN, BreakerState.CLOSED),
    (BreakerState.HALF_OPEN, BreakerState.OPEN),
    (BreakerState.HALF_OPEN, BreakerState.CLOSED),
}


@given(
    st.lists(
        st.tuples(
            st.floats(0.1, 400),
            st.sampled_from(["admit", *Verdict]),
            st.sampled_from(["a", "b", "c"]),
            st.floats(0, 500),
        ),
        max_size=40,
    )
)
def test_any_history_keeps_the_promises(
    events: list[tuple[float, str, str, float]],
) -> None:
    lane, now = Lane(), 0.0
    for step, what, batch, earlier in events:
        now += step
        before = lane.breaker
        if what == "admit":
            is_admitted = lane.admit(batch, now)
            assert is_admitted == (refusal(before, batch, at(now)) == "")
            if is_admitted and before.state is not BreakerState.CLOSED:
                others = [each for each in "abc" if each != batch]
                assert all(lane.refusal(now, other) for other in others)
        else:
            lane.end(Verdict(what), now, batch, started=max(0.0, now - earlier))
        breaker = lane.breaker
        assert 0 <= breaker.pause_s <= POLICY.max_pause_s
        assert (breaker.half_opens_at is not None) == (breaker.state is BreakerState.OPEN)
        assert breaker.state is BreakerState.HALF_OPEN or not breaker.probe_holder
        if breaker.state is BreakerState.CLOSED:
            assert breaker.pause_s == 0
        # However long the outage: after pause and lease, someone may try.
        later = now + POLICY.max_pause_s + POLICY.lease_s + 1
        assert lane.refusal(later, "new") == ""
    assert set(lane.transitions) <= LEGAL
    for (_, after), (before_next, _) in zip(lane.transitions, lane.transitions[1:], strict=False):
        assert after is before_next


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (EndpointUnavailable("throttled after 8 tries"), Verdict.FAILURE),
        (JobFailed("job x failed: InternalServerError: try again"), Verdict.FAILURE),
        (JobFailed("job x failed: CapacityError: no instances"), Verdict.FAILURE),
        (JobFailed("job x overran its time; stopped"), Verdict.FAILURE),
        (JobFailed("job x failed: AlgorithmError: See job logs, exit code: 137"), Verdict.FAILURE),
        (JobFailed("job x failed: AlgorithmError: KeyError: 'id', exit code: 1"), Verdict.NEUTRAL),
        (JobFailed("job x failed: ClientError: No S3 objects found"), Verdict.NEUTRAL),
        (JobStopped("job x was stopped"), Verdict.NEUTRAL),
        (StoreError("aurora is away"), Verdict.NEUTRAL),
    ],
)
def test_only_the_infrastructures_failures_count(error: Exception, verdict: Verdict) -> None:
    assert verdict_of(error) is verdict
