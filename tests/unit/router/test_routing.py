from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.errors import NoFeasibleLane
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import place
from tests.support.batches import PROFILES, profile

profiles = st.lists(
    st.builds(
        LaneProfile,
        lane=st.sampled_from(Lane),
        instance_type=st.just("ml.x"),
        cold_start_s=st.floats(0, 600),
        tokens_per_s=st.floats(1, 1e6),
        price_usd_per_h=st.floats(0.01, 100),
        start_billed=st.booleans(),
        max_documents=st.none() | st.integers(1, 10**6),
        max_tokens=st.none() | st.integers(1, 10**9),
        source=st.just("test"),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda p: p.lane,
)
sizes = st.integers(1, 10**6)
times = st.floats(-100, 1e6)


def admits(p: LaneProfile, documents: int, tokens: int) -> bool:
    return (p.max_documents is None or documents <= p.max_documents) and (
        p.max_tokens is None or tokens <= p.max_tokens
    )


@given(profiles, sizes, sizes, times)
def test_the_cheapest_lane_in_time_is_taken_and_no_limit_is_broken(lanes, documents, tokens, left):
    admitted = [p for p in lanes if admits(p, documents, tokens)]
    if not admitted:
        with pytest.raises(NoFeasibleLane):
            place(documents=documents, tokens=tokens, time_left_s=left, profiles=lanes, loading_s=0)
        return
    placement = place(
        documents=documents, tokens=tokens, time_left_s=left, profiles=lanes, loading_s=0
    )
    assert placement.lane in {p.lane for p in admitted}
    in_time = [p for p in admitted if p.latency_s(tokens) <= left]
    assert placement.meets_deadline == bool(in_time)
    if in_time:
        assert placement.list_cost_usd == min(p.list_cost_usd(tokens) for p in in_time)
    else:
        assert placement.latency_s == min(p.latency_s(tokens) for p in admitted)


@given(profiles, sizes, sizes, times)
def test_every_lane_is_accounted_for_and_only_the_chosen_is_not_refused(
    lanes, documents, tokens, left
):
    if not any(admits(p, documents, tokens) for p in lanes):
        return
    placement = place(
        documents=documents, tokens=tokens, time_left_s=left, profiles=lanes, loading_s=0
    )
    assert [a.lane for a in placement.alternatives] == [p.lane for p in lanes]
    assert [a.lane for a in placement.alternatives if not a.refusal] == [placement.lane]
    for alternative in placement.alternatives:
        assert alternative.lane.value in placement.reason


@given(profiles, sizes, sizes, times, st.data())
def test_a_lane_whose_price_falls_by_however_little_never_raises_the_cost(
    lanes, documents, tokens, left, data
):
    if not any(admits(p, documents, tokens) for p in lanes):
        return
    fallen = data.draw(st.sampled_from(lanes))
    price = fallen.price_usd_per_h * data.draw(st.floats(1e-6, 1))
    cheaper = [replace(p, price_usd_per_h=price) if p is fallen else p for p in lanes]
    before, after = (
        place(documents=documents, tokens=tokens, time_left_s=left, profiles=each, loading_s=0)
        for each in (lanes, cheaper)
    )
    assert after.list_cost_usd <= before.list_cost_usd * (1 + 1e-9)


@given(profiles, sizes, sizes, times)
def test_a_far_cheaper_lane_never_raises_the_cost(lanes, documents, tokens, left):
    if not any(admits(p, documents, tokens) for p in lanes):
        return
    before = place(
        documents=documents, tokens=tokens, time_left_s=left, profiles=lanes, loading_s=0
    )
    cheaper = profile(
        Lane.SERVERLESS,
        price_usd_per_h=0.0001,
        tokens_per_s=1e9,
        cold_start_s=0,
        start_billed=False,
    )
    after = place(
        documents=documents,
        tokens=tokens,
        time_left_s=left,
        profiles=[*(p for p in lanes if p.lane is not Lane.SERVERLESS), cheaper],
        loading_s=0,
    )
    assert after.list_cost_usd <= before.list_cost_usd


@pytest.mark.parametrize(
    ("documents", "lane"),
    [(1, Lane.SERVERLESS), (10, Lane.SERVERLESS), (11, Lane.PROCESSING), (101, Lane.TRANSFORM)],
)
def test_admission_limits_order_the_lanes(documents, lane):
    placement = place(
        documents=documents, tokens=20, time_left_s=600, profiles=PROFILES, loading_s=0
    )
    assert placement.lane is lane


def test_a_tight_deadline_buys_the_fast_lane():
    lanes = (
        profile(Lane.PROCESSING, tokens_per_s=100, price_usd_per_h=0.01),
        profile(Lane.TRANSFORM, tokens_per_s=10_000),
    )
    patient = place(documents=9, tokens=10_000, time_left_s=600, profiles=lanes, loading_s=0)
    hurried = place(documents=9, tokens=10_000, time_left_s=60, profiles=lanes, loading_s=0)
    assert (patient.lane, hurried.lane) == (Lane.PROCESSING, Lane.TRANSFORM)
    assert "processing needs 101 s of the 60 s left" in hurried.reason


def test_time_to_load_the_results_is_kept_back():
    lanes = (profile(Lane.PROCESSING, cold_start_s=0, tokens_per_s=1),)
    assert place(
        documents=1, tokens=50, time_left_s=60, profiles=lanes, loading_s=10
    ).meets_deadline
    late = place(documents=1, tokens=50, time_left_s=60, profiles=lanes, loading_s=11)
    assert not late.meets_deadline
    assert "no lane is in time" in late.reason


def test_the_estimate_is_cold_start_plus_marginal_time():
    lane = profile(Lane.TRANSFORM, cold_start_s=400, tokens_per_s=1000, price_usd_per_h=3.6)
    assert lane.latency_s(10_000) == 410
    assert lane.list_cost_usd(10_000) == pytest.approx(0.41)
    unbilled = profile(
        Lane.TRANSFORM,
        cold_start_s=400,
        tokens_per_s=1000,
        price_usd_per_h=3.6,
        start_billed=False,
    )
    assert unbilled.list_cost_usd(10_000) == pytest.approx(0.01)


def test_an_open_lane_is_left_and_said_to_be():
    placement = place(
        documents=5,
        tokens=20,
        time_left_s=600,
        profiles=PROFILES,
        loading_s=0,
        health={Lane.SERVERLESS: "7 of 10 calls failed"},
    )
    assert placement.lane is Lane.PROCESSING
    assert "serverless is open: 7 of 10 calls failed" in placement.reason


def test_when_every_lane_is_open_they_are_all_tried_again():
    health = dict.fromkeys(Lane, "failing")
    placement = place(
        documents=5, tokens=20, time_left_s=600, profiles=PROFILES, loading_s=0, health=health
    )
    assert placement.lane is Lane.SERVERLESS
    assert "every lane that takes the batch is open" in placement.reason


def test_a_lane_takes_as_many_instances_as_the_deadline_asks_for():
    lanes = (profile(Lane.PROCESSING, tokens_per_s=100, max_instances=4),)
    counts = {
        left: place(documents=9, tokens=10_000, time_left_s=left, profiles=lanes, loading_s=0)
        for left in (200, 60, 30, 5)
    }
    assert [counts[left].instance_count for left in (200, 60, 30, 5)] == [1, 2, 4, 4]
    assert [counts[left].meets_deadline for left in (200, 60, 30, 5)] == [True, True, True, False]


def test_a_lane_that_needs_slack_is_left_when_there_is_little():
    lanes = (
        profile(Lane.TRANSFORM),
        profile(Lane.SPOT, price_usd_per_h=0.3, slack_factor=3),
    )
    placed = {
        left: place(documents=9, tokens=99_000, time_left_s=left, profiles=lanes, loading_s=0).lane
        for left in (300, 299)
    }
    assert placed == {300: Lane.SPOT, 299: Lane.TRANSFORM}


def test_who_starts_an_instance_pays_for_its_start_and_its_tail():
    lane = profile(Lane.ASYNC_ENDPOINT, cold_start_s=300, tail_s=60, price_usd_per_h=3600)
    assert (lane.latency_s(1000), lane.latency_s(1000, warm=True)) == (301, 1)
    assert (lane.list_cost_usd(1000), lane.list_cost_usd(1000, warm=True)) == (361, 1)
    assert lane.list_cost_usd(1000, instances=3, warm=True) == 1 + 2 * 360
