"""Curves: the prior gives way to what was seen, outliers do not, and doubt shrinks."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.lanes import Lane
from tests.support.batches import profile

LANE = profile(Lane.TRANSFORM, cold_start_s=400, tokens_per_s=200_000, price_usd_per_h=0.736)
KEY = CurveKey(Lane.TRANSFORM, LANE.instance_type, "news-topic")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def seen(
    load: Load, seconds: float, *, failed: bool = False, interruptions: int = 0, number: int = 0
) -> LaneObservation:
    return LaneObservation(
        str(number), KEY, load, seconds, seconds * load.instances, failed, interruptions, 0.0, NOW
    )


def batches(count: int, *, start_s: float, rate: float, document_s: float = 0.0, noise: float = 0):
    random = Random(1)  # noqa: S311
    for number in range(count):
        documents = random.choice((2_000, 20_000, 200_000))
        tokens = documents * random.choice((50, 500))
        load = Load(tokens, documents)
        seconds = start_s + tokens / rate + documents * document_s
        yield seen(load, seconds * random.lognormvariate(0, noise), number=number)


def test_without_a_batch_the_lanes_file_is_believed() -> None:
    curve = LaneCurve.assumed(LANE, "news-topic")
    load = Load(2_000_000, 10_000)
    estimate = curve.estimate(load, limit_s=1e6, usd_per_h=0.736)
    assert curve.latency.seconds(load.path) == pytest.approx(LANE.latency_s(2_000_000))
    assert estimate.list_cost_usd == pytest.approx(LANE.list_cost_usd(2_000_000), rel=0.01)
    assert estimate.doubt_usd > 0.2 * estimate.list_cost_usd


@pytest.mark.parametrize("weight", [0.1, 1.0])
def test_start_rate_and_document_cost_are_learned(weight: float) -> None:
    lane = profile(
        Lane.TRANSFORM, cold_start_s=400, tokens_per_s=200_000, price_usd_per_h=1, weight=weight
    )
    curve = LaneCurve.assumed(lane, "news-topic").learned(
        list(batches(100, start_s=250, rate=120_000, document_s=0.0002, noise=0.1))
    )
    for tokens, documents in ((100_000, 2_000), (50_000_000, 100_000), (10_000_000, 200_000)):
        true_s = 250 + tokens / 120_000 + documents * 0.0002
        assert curve.latency.seconds((1, tokens, documents)) == pytest.approx(true_s, rel=0.1)
    assert 0.05 < curve.latency.noise < 0.15
    before = LaneCurve.assumed(lane, "news-topic").billed.doubt_s((1, 10**7, 10**4))
    assert curve.billed.doubt_s((1, 10**7, 10**4)) < before / 3


@pytest.mark.parametrize("factor", [0.1, 0.5, 3.0, 20.0])
def test_a_lanes_file_that_is_far_off_is_left_behind(factor: float) -> None:
    true = list(batches(40, start_s=400 * factor, rate=200_000 / factor, noise=0.1))
    curve = LaneCurve.assumed(LANE, "news-topic").learned(true)
    expected_s = LANE.latency_s(10_000_000) * factor
    assert curve.latency.seconds((1, 10_000_000, 20_000)) == pytest.approx(expected_s, rel=0.15)
    assert curve.latency.noise < 0.25


def test_a_lanes_file_of_weight_stands_against_a_few_batches() -> None:
    true = list(batches(10, start_s=1200, rate=70_000, noise=0.1))
    load = (1, 1_000_000, 2_000)
    seconds = {}
    for weight in (0.1, 1e6):
        lane = profile(Lane.TRANSFORM, cold_start_s=400, tokens_per_s=200_000, weight=weight)
        seconds[weight] = LaneCurve.assumed(lane, "news-topic").learned(true).latency.seconds(load)
    assert seconds[0.1] > 900
    assert seconds[1e6] == pytest.approx(405, rel=0.05)


def test_outliers_widen_the_noise_and_leave_the_line() -> None:
    good = list(batches(60, start_s=300, rate=150_000, noise=0.05))
    wild = [seen(each.load, each.latency_s * 10, number=n) for n, each in enumerate(good[:6])]
    load = Load(10_000_000, 20_000)
    clean = LaneCurve.assumed(LANE, "news-topic").learned(good)
    dirty = LaneCurve.assumed(LANE, "news-topic").learned(good + wild)
    assert dirty.latency.seconds(load.path) == pytest.approx(
        clean.latency.seconds(load.path), rel=0.05
    )
    late = [
        each.estimate(load, limit_s=1000, usd_per_h=1).miss_probability for each in (clean, dirty)
    ]
    assert late[1] > late[0]


def test_failures_and_interruptions_raise_the_risk_and_not_the_line() -> None:
    good = list(batches(60, start_s=300, rate=150_000, noise=0.05))
    bad = [seen(each.load, 9_999, failed=True, number=n) for n, each in enumerate(good[:20])]
    clean = LaneCurve.assumed(LANE, "news-topic").learned(good)
    failing = LaneCurve.assumed(LANE, "news-topic").learned(good + bad)
    assert failing.latency == clean.latency
    assert failing.failure_share > 10 * clean.failure_share
    load = Load(10_000_000, 20_000)
    before, after = (each.estimate(load, limit_s=500, usd_per_h=1) for each in (clean, failing))
    assert after.miss_probability > before.miss_probability
    assert after.list_cost_usd > before.list_cost_usd


def test_a_curve_learns_from_its_own_lane_hardware_and_model_alone() -> None:
    curve = LaneCurve.assumed(LANE, "ticket-urgency")
    assert curve.learned(list(batches(50, start_s=100, rate=1_000))) == curve.learned([])


def test_a_learned_profile_has_the_start_and_rate_that_batches_took() -> None:
    curve = LaneCurve.assumed(LANE, "news-topic").learned(
        list(batches(100, start_s=250, rate=120_000, noise=0.05))
    )
    learned = curve.learned_profile(LANE, document_tokens=50)
    assert learned.cold_start_s == pytest.approx(250, rel=0.1)
    assert learned.tokens_per_s == pytest.approx(120_000, rel=0.1)
    assert learned.price_usd_per_h == LANE.price_usd_per_h


def test_time_left_lowers_the_risk() -> None:
    curve = LaneCurve.assumed(LANE, "news-topic")
    risks = [
        curve.estimate(Load(10**6, 10**4), limit_s=s, usd_per_h=1).miss_probability
        for s in (0, 400, 500, 1_000, 10_000)
    ]
    assert risks == sorted(risks, reverse=True)
    assert risks[0] > 0.9
    assert risks[-1] < 0.001
