"""The router over curves: limits held, cheaper never dearer, exploration within its budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.curves.document_limits import DocumentLimit, most_documents
from include.domain.curves.lane_curve import SEASONED, LaneCurve
from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.errors import NoFeasibleLane
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import MAX_MISS, Placement, place
from tests.support.batches import profile

lane_profiles = st.builds(
    LaneProfile,
    lane=st.sampled_from(Lane),
    instance_type=st.just("ml.x"),
    cold_start_s=st.floats(0, 600),
    tokens_per_s=st.floats(100, 1e6),
    price_usd_per_h=st.floats(0.01, 100),
    start_billed=st.booleans(),
    max_documents=st.none() | st.integers(1, 10**6),
    max_tokens=st.none() | st.integers(1, 10**9),
    source=st.just("test"),
    slack_factor=st.sampled_from((1.0, 10.0)),
    max_instances=st.integers(1, 4),
    weight=st.sampled_from((0.1, 20.0)),
)
fleets = st.lists(lane_profiles, min_size=1, max_size=4, unique_by=lambda p: p.lane)
sizes = st.integers(1, 10**6)
times = st.floats(-100, 1e5)
observed = st.integers(0, 2 * SEASONED)
budgets = st.floats(0, 10)
limits = st.lists(
    st.builds(DocumentLimit, st.integers(1, 1_000), st.none() | st.integers(1, 10**6)),
    max_size=3,
    unique_by=lambda limit: limit.document_tokens,
)


def curve(lane: LaneProfile, count: int, factor: float = 1.0) -> LaneCurve:
    """A curve after batches that took `factor` times what the profile says."""
    share = lane.price_usd_per_h / lane.on_demand_price_usd_per_h
    seen = []
    for number in range(count):
        load = Load(1_000 * (number + 1), 10)
        seen.append(
            LaneObservation(
                str(number),
                CurveKey(lane.lane, lane.instance_type, "m"),
                load,
                lane.latency_s(load.tokens) * factor,
                lane.billable_s(load.tokens) * factor * share,
                False,
                0,
                0.0,
                datetime(2026, 3, 1, tzinfo=UTC),
            )
        )
    return LaneCurve.assumed(lane, "m").learned(seen)


def ask(lanes, documents, tokens, left, count=0, explore_usd=0.0, limits=(), **more) -> Placement:
    return place(
        documents=documents,
        tokens=tokens,
        time_left_s=left,
        profiles=lanes,
        loading_s=0,
        curves={p.lane: replace(curve(p, count), limits=tuple(limits)) for p in lanes},
        explore_usd=explore_usd,
        **more,
    )


def admits(p: LaneProfile, documents: int, tokens: int) -> bool:
    return (p.max_documents is None or documents <= p.max_documents) and (
        p.max_tokens is None or tokens <= p.max_tokens
    )


@given(fleets, sizes, sizes, times, observed, budgets, limits)
def test_no_limit_of_a_lane_is_broken_and_every_lane_is_accounted_for(
    lanes, documents, tokens, left, count, explore_usd, limits
):
    most = most_documents(limits, tokens / documents)

    def fits(p: LaneProfile) -> bool:
        return most is None or documents <= most * p.max_instances

    if not any(admits(p, documents, tokens) and fits(p) for p in lanes):
        with pytest.raises(NoFeasibleLane):
            ask(lanes, documents, tokens, left, count, explore_usd, limits)
        return
    placement = ask(lanes, documents, tokens, left, count, explore_usd, limits)
    chosen = next(p for p in lanes if p.lane is placement.lane)
    assert admits(chosen, documents, tokens)
    assert 1 <= placement.instance_count <= chosen.max_instances
    assert most is None or documents <= most * placement.instance_count
    assert [a.lane for a in placement.alternatives if not a.refusal] == [placement.lane]
    for alternative in placement.alternatives:
        assert alternative.lane.value in placement.reason
        assert 0 <= alternative.miss_probability <= 1


@given(fleets, sizes, sizes, times, observed, st.data())
def test_a_lane_whose_price_falls_by_however_little_never_raises_the_cost(
    lanes, documents, tokens, left, count, data
):
    if not any(admits(p, documents, tokens) for p in lanes):
        return
    before = ask(lanes, documents, tokens, left, count)
    fallen = data.draw(st.sampled_from(lanes))
    price = fallen.price_usd_per_h * data.draw(st.floats(1e-6, 1))
    cheaper = [replace(p, price_usd_per_h=price) if p is fallen else p for p in lanes]
    after = ask(cheaper, documents, tokens, left, count)
    assert after.list_cost_usd <= before.list_cost_usd * (1 + 1e-9)
    assert after.meets_deadline == before.meets_deadline


@given(fleets, lane_profiles, sizes, sizes, times, observed)
def test_one_lane_more_at_any_price_never_raises_the_cost_of_a_batch_that_is_in_time(
    lanes, more, documents, tokens, left, count
):
    lanes = [p for p in lanes if p.lane is not more.lane]
    if not any(admits(p, documents, tokens) for p in lanes):
        return
    before = ask(lanes, documents, tokens, left, count)
    after = ask([*lanes, more], documents, tokens, left, count)
    if before.meets_deadline:
        assert after.meets_deadline
        assert after.list_cost_usd <= before.list_cost_usd * (1 + 1e-9)


@given(fleets, sizes, sizes, times, observed)
def test_a_far_cheaper_lane_never_raises_the_cost(lanes, documents, tokens, left, count):
    lanes = [p for p in lanes if p.lane is not Lane.SERVERLESS]
    if not any(admits(p, documents, tokens) for p in lanes):
        return
    before = ask(lanes, documents, tokens, left, count)
    template = next(p for p in lanes if p.lane is before.lane)
    for other in (template, *lanes):
        cheaper = replace(
            other,
            lane=Lane.SERVERLESS,
            price_usd_per_h=min(p.price_usd_per_h for p in lanes) / 1e7,
            max_instances=1,
        )
        after = ask([*lanes, cheaper], documents, tokens, left, count)
        assert after.list_cost_usd <= before.list_cost_usd * (1 + 1e-9)


@given(fleets, sizes, sizes, times, observed, budgets)
def test_exploration_keeps_its_budget_and_the_deadline(
    lanes, documents, tokens, left, count, explore_usd
):
    if not any(admits(p, documents, tokens) for p in lanes):
        return
    plain = ask(lanes, documents, tokens, left, count)
    tried = ask(lanes, documents, tokens, left, count, explore_usd)
    extra = tried.list_cost_usd - plain.list_cost_usd
    assert extra <= explore_usd + 1e-9
    assert tried.exploration_usd == pytest.approx(max(0.0, extra))
    assert tried.meets_deadline == plain.meets_deadline
    if tried.lane is not plain.lane:
        risk = next(a.miss_probability for a in tried.alternatives if not a.refusal)
        assert risk <= MAX_MISS


def test_a_lane_that_may_be_cheaper_is_tried_until_it_is_known() -> None:
    known = profile(Lane.TRANSFORM, cold_start_s=100, price_usd_per_h=1.0)
    rival = profile(Lane.PROCESSING, cold_start_s=100, price_usd_per_h=1.1)

    def placed(count: int, explore_usd: float) -> Placement:
        curves = {Lane.TRANSFORM: curve(known, 100), Lane.PROCESSING: curve(rival, count)}
        return place(
            documents=10,
            tokens=50_000,
            time_left_s=1e5,
            profiles=(known, rival),
            loading_s=0,
            curves=curves,
            explore_usd=explore_usd,
        )

    assert placed(0, 0.0).lane is Lane.TRANSFORM
    assert placed(0, 0.001).lane is Lane.TRANSFORM
    tried = placed(0, 0.1)
    assert tried.lane is Lane.PROCESSING
    assert "so it is tried, for $0.0" in tried.reason
    assert placed(60, 0.1).lane is Lane.TRANSFORM


def test_a_seasoned_lane_needs_no_slack_beyond_what_its_batches_took() -> None:
    lanes = (
        profile(Lane.TRANSFORM),
        profile(Lane.SPOT, price_usd_per_h=0.3, on_demand_usd_per_h=1.0, slack_factor=10),
    )
    fresh = ask(lanes, 9, 99_000, 400, count=SEASONED // 4)
    seasoned = ask(lanes, 9, 99_000, 400, count=SEASONED)
    assert (fresh.lane, seasoned.lane) == (Lane.TRANSFORM, Lane.SPOT)


def test_slack_gives_way_by_factors_so_that_much_of_it_goes_first() -> None:
    fresh = LaneCurve.assumed(profile(Lane.SPOT), "news-topic")
    asked = [replace(fresh, observations=n).slack_factor(100) for n in (0, 5, 10, 99)]
    assert asked == pytest.approx([100, 10, 1, 1])


def test_a_lane_at_risk_is_left_and_the_reason_says_how_often_it_is_late() -> None:
    lanes = (
        profile(Lane.PROCESSING, tokens_per_s=100, price_usd_per_h=0.01),
        profile(Lane.TRANSFORM, tokens_per_s=10_000),
    )
    placement = ask(lanes, 9, 10_000, 110)
    assert placement.lane is Lane.TRANSFORM
    assert "processing is expected in 102 s of the 110 s left, but late in" in placement.reason


def test_waiting_for_capacity_counts() -> None:
    lanes = (profile(Lane.TRANSFORM, price_usd_per_h=0.5), profile(Lane.PROCESSING))
    assert ask(lanes, 9, 1000, 600).lane is Lane.TRANSFORM
    waits = {Lane.TRANSFORM: 900.0}
    assert ask(lanes, 9, 1000, 600, wait_s=waits).lane is Lane.PROCESSING
