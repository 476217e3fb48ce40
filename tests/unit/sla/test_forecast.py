"""What is expected of a running batch, and what is done about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import Load
from include.domain.lanes import Lane
from include.domain.sla.events import Action
from include.domain.sla.forecast import Forecast, LaneWork, forecast_lane, forecast_loading
from include.domain.sla.remedies import Remedy, SlaPolicy, remedy
from tests.support.batches import profile

PROFILE = profile(Lane.TRANSFORM, tokens_per_s=100.0, cold_start_s=10.0)
CURVE = LaneCurve.assumed(replace(PROFILE, weight=100.0), "news-topic")
TOKENS, SHARD = 10_000, 1_000
"""A hundred seconds of work in ten shards, behind a start of ten."""


def work(done: int, elapsed_s: float, instances: int = 1) -> LaneWork:
    return LaneWork(
        Load(TOKENS, 100, instances, instances),
        done * SHARD,
        done * 10,
        min(instances, 10 - done) * SHARD,
        min(instances, 10 - done) * 10,
        done,
        elapsed_s,
    )


def ahead(done: int, elapsed_s: float, time_left_s: float, loading_s: float = 0.0) -> Forecast:
    return forecast_lane(CURVE, work(done, elapsed_s), time_left_s=time_left_s, loading_s=loading_s)


def test_what_has_not_begun_takes_what_its_curve_says() -> None:
    forecast = ahead(0, 0.0, 1000.0, loading_s=5.0)

    assert forecast.left_s == pytest.approx(115.0, rel=0.02)
    assert forecast.miss_probability < 0.01
    assert forecast.pace == 1.0


def test_a_lane_on_its_pace_is_believed() -> None:
    forecast = ahead(4, 55.0, 80.0)

    assert forecast.left_s == pytest.approx(55.0, rel=0.05)
    assert forecast.pace == 1.0
    assert forecast.miss_probability < 0.05


def test_a_lane_five_times_slower_is_found_out_long_before_the_deadline() -> None:
    forecast = ahead(2, 110.0, 190.0)

    assert forecast.pace > 3
    assert forecast.left_s > 200
    assert forecast.miss_probability > 0.5


def test_a_lane_that_gives_nothing_is_slow_before_its_first_shard() -> None:
    quiet = [ahead(0, seconds, 300.0 - seconds).miss_probability for seconds in (5, 15, 60, 120)]

    assert quiet[0] < 0.05
    assert quiet[1] < 0.05, "the first shard is not due yet"
    assert quiet[3] > 0.5
    assert quiet[1:] == sorted(quiet[1:])


def test_more_time_never_makes_it_later_and_more_done_never_longer() -> None:
    misses = [ahead(3, 60.0, time_left_s).miss_probability for time_left_s in range(10, 300, 10)]
    left = [ahead(done, 60.0, 100.0).left_s for done in range(10)]

    assert misses == sorted(misses, reverse=True)
    assert left == sorted(left, reverse=True)


@given(
    done=st.integers(0, 10),
    elapsed_s=st.floats(0, 1e5),
    time_left_s=st.floats(-1e5, 1e5),
    instances=st.integers(1, 8),
)
def test_every_answer_is_a_probability_and_a_time(
    done: int, elapsed_s: float, time_left_s: float, instances: int
) -> None:
    forecast = forecast_lane(
        CURVE, work(done, elapsed_s, instances), time_left_s=time_left_s, loading_s=1.0
    )

    assert 0 <= forecast.miss_probability <= 1
    assert forecast.left_s >= 1.0
    assert forecast.pace > 0


def test_what_is_left_to_load_has_its_doubt() -> None:
    assert forecast_loading(20.0, time_left_s=100.0).miss_probability < 0.01
    assert forecast_loading(20.0, time_left_s=20.0).miss_probability == pytest.approx(0.5)
    assert forecast_loading(20.0, time_left_s=-1.0).miss_probability > 0.9


POLICY = SlaPolicy(0.2, frozenset(Action), 4)
LATE = Forecast(400.0, 0.9, 400.0, 4.0)


def ask(lane: Lane, policy: SlaPolicy = POLICY, **changes: object) -> Remedy | None:
    values: dict[str, object] = {
        "instances": 1,
        "most": 10,
        "start_s": 10.0,
        "time_left_s": 200.0,
    }
    return remedy(lane, LATE, policy, **(values | changes))  # type: ignore[arg-type]


def test_as_many_instances_as_the_time_asks_for() -> None:
    assert ask(Lane.TRANSFORM) == Remedy(Action.ADD_INSTANCES, 4)
    assert ask(Lane.TRANSFORM, time_left_s=250.0) == Remedy(Action.ADD_INSTANCES, 3)
    assert ask(Lane.TRANSFORM, time_left_s=600.0) == Remedy(Action.ADD_INSTANCES, 2), "one more"
    assert ask(Lane.TRANSFORM, instances=2, time_left_s=400.0) == Remedy(Action.ADD_INSTANCES, 3)
    assert ask(Lane.TRANSFORM, time_left_s=20.0) == Remedy(Action.ADD_INSTANCES, 4), "the most"
    assert ask(Lane.ASYNC_ENDPOINT, most=2) == Remedy(Action.ADD_INSTANCES, 2)


def test_nothing_is_done_that_cannot_help_or_may_not_be() -> None:
    assert ask(Lane.TRANSFORM, time_left_s=-1.0) is None
    assert ask(Lane.TRANSFORM, most=1) is None, "one shard is left"
    assert ask(Lane.TRANSFORM, instances=4) is None
    assert ask(Lane.SPOT, has_left_spot=True) is None
    assert ask(Lane.TRANSFORM, SlaPolicy(0.2, {Action.LEAVE_SPOT}, 4)) is None
    assert ask(Lane.SERVERLESS) is None


def test_spot_is_left() -> None:
    assert ask(Lane.SPOT) == Remedy(Action.LEAVE_SPOT)
    assert ask(Lane.SPOT, SlaPolicy(0.2, {Action.ADD_INSTANCES}, 4)) is None
