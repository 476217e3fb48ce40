"""Worlds drawn from measured curves: what is believed, as surely as it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import mean, stdev

import pytest

from benchmarks.router import worlds
from benchmarks.router.lane_curves import MeasuredLanes, load, measured_lanes, path_of, save
from benchmarks.router.measure import NOTHING_SEEN, measure
from benchmarks.router.preface import preface, told
from include.domain.accounts import Tier
from include.domain.curves.belief import LEAST_SHARE
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.matrices import root
from include.domain.curves.observation import LaneObservation, Load
from include.domain.lanes import Lane
from include.domain.simulation.arrivals import Arrival, generate
from include.domain.simulation.routers import InformedRouter, LearningRouter
from tests.support.batches import NOW, profile
from tests.support.fakes.curves import FakeCurveBook

PARAMETERS = worlds.parameters()
PLATFORM = PARAMETERS["platform"]
NEEDED = [*PLATFORM["capacity"], *PLATFORM["shared_capacity"]]
PROFILES = (
    profile(Lane.SERVERLESS, tokens_per_s=9_000, start_billed=False, max_documents=1_000),
    profile(Lane.PROCESSING, cold_start_s=240, tokens_per_s=18_000, price_usd_per_h=0.2),
    profile(Lane.TRANSFORM, cold_start_s=400, tokens_per_s=200_000, price_usd_per_h=0.7),
    profile(Lane.ASYNC_ENDPOINT, cold_start_s=490, tokens_per_s=200_000, tail_s=960),
    profile(Lane.SPOT, cold_start_s=400, tokens_per_s=200_000, on_demand_usd_per_h=2.0),
)
TRANSFORM = PROFILES[2]


def learned(batches: int, *, slower: float = 3.0) -> LaneCurve:
    """The transform lane's curve after batches that took so many times what the file says."""
    return LaneCurve.assumed(TRANSFORM, "topics").learned(batches_of(batches, slower=slower))


def batches_of(batches: int, *, slower: float = 3.0) -> list[LaneObservation]:
    """Batches of the transform lane, the first of them failed."""
    assumed, random = LaneCurve.assumed(TRANSFORM, "topics"), Random(1)  # noqa: S311
    seen = []
    for number in range(batches):
        documents = random.choice((2_000, 20_000, 200_000))
        load = Load(documents * random.choice((50, 500)), documents)
        seconds = slower * TRANSFORM.latency_s(load.tokens) * random.lognormvariate(0, 0.1)
        seen.append(
            LaneObservation(
                str(number), assumed.key, load, seconds, seconds, number == 0, 0, 0.0, NOW
            )
        )
    return seen


def exported(*curves: LaneCurve, seen: Sequence[LaneObservation] = ()) -> MeasuredLanes:
    book = FakeCurveBook()
    book.observe(seen)
    for curve in curves:
        book.keep(curve)
    return measured_lanes("topics", profiles=PROFILES, book=book, is_emulated=True, now=NOW)


def drawn(lanes: MeasuredLanes, count: int = 2_000) -> list[LaneCurve]:
    random = Random("draws")  # noqa: S311
    return [lanes.truth(TRANSFORM, random) for _ in range(count)]


@pytest.mark.parametrize("features", [(1, 0, 0), (0, 1e7, 1e4), (1, 5e7, 2e5)])
def test_worlds_scatter_about_the_curve_as_it_doubts_itself(features: tuple[float, ...]) -> None:
    curve = learned(100)
    for which in ("latency", "billed"):
        belief = getattr(curve, which)
        seconds = [getattr(each, which).seconds(features) for each in drawn(exported(curve))]
        assert mean(seconds) == pytest.approx(belief.seconds(features), rel=0.02)
        assert stdev(seconds) == pytest.approx(belief.doubt_s(features), rel=0.15)
        assert all(getattr(each, which).noise == belief.noise for each in drawn(exported(curve), 2))


def test_a_lane_that_is_slow_in_a_world_is_dear_in_it() -> None:
    load = (1.0, 1e7, 1e4)
    worlds_of = sorted(drawn(exported(learned(20)), 200), key=lambda w: w.latency.seconds(load))
    billed = [each.billed.seconds(load) for each in worlds_of]
    assert mean(billed[:100]) < mean(billed[100:])


def test_failures_and_interruptions_are_drawn_as_they_were_counted() -> None:
    curve = learned(100)
    shares = [each.failure_share for each in drawn(exported(curve))]
    assert mean(shares) == pytest.approx(curve.failure_share, rel=0.1)
    assert stdev(shares) > 0
    assert all(each.interruptions_per_s == 0 for each in drawn(exported(curve), 20))
    spot, random = PROFILES[4], Random("spot")  # noqa: S311
    rates = [exported(curve).truth(spot, random).interruptions_per_s for _ in range(4_000)]
    assert mean(rates) == pytest.approx(
        LaneCurve.assumed(spot, "topics").interruptions_per_s, rel=0.1
    )


def test_no_draw_runs_time_back_however_unsure_a_lane_is() -> None:
    curve = learned(1)
    vague = tuple(tuple(100 * each for each in row) for row in curve.latency.covariance)
    wild = replace(curve, latency=replace(curve.latency, covariance=vague))
    for each in drawn(exported(wild), 500):
        start, token, document = each.latency.multiples
        assert start >= 0
        assert token >= LEAST_SHARE
        assert document >= 0


def test_a_covariance_is_its_root_times_itself() -> None:
    covariance = learned(10).latency.covariance
    lower = root(covariance)
    for row in range(3):
        for column in range(3):
            product = sum(lower[row][k] * lower[column][k] for k in range(3))
            assert product == pytest.approx(covariance[row][column], rel=1e-9, abs=1e-12)
    assert root(((0.0, 0.0, 0.0),) * 3) == ((0.0, 0.0, 0.0),) * 3


def test_the_file_keeps_what_was_exported(tmp_path: Path) -> None:
    lanes = exported(learned(10), seen=batches_of(10))
    path = path_of(tmp_path, "topics")
    save(path, lanes)
    assert path.name == "lane-curves-topics.json"
    assert load(path, NEEDED) == lanes


def test_a_lane_without_a_batch_is_as_its_lanes_file_and_other_hardware_is_left_out() -> None:
    other = learned(10)
    other = replace(other, key=replace(other.key, instance_type="ml.old"))
    lanes = exported(learned(5), other)
    assert [each.key.lane for each in lanes.curves] == [each.lane for each in PROFILES]
    assert {each.key.lane: each.observations for each in lanes.curves}[Lane.TRANSFORM] == 5
    assert lanes.curves[1] == LaneCurve.assumed(PROFILES[1], "topics")
    with pytest.raises(ValueError, match="no batch or probe of topics"):
        exported(other)


def test_a_file_that_lacks_a_lane_is_refused(tmp_path: Path) -> None:
    lanes = exported(learned(5))
    path = tmp_path / "curves.json"
    save(path, replace(lanes, curves=lanes.curves[:-1]))
    with pytest.raises(ValueError, match=r"no lane.* spot"):
        load(path, NEEDED)


def test_routers_meet_the_measured_lanes() -> None:
    lanes = exported(learned(100, slower=4.0), seen=batches_of(100, slower=4.0))
    world = worlds.world(lanes.profiles, PLATFORM, "1", lanes)
    shared = worlds.shared(lanes.profiles, PLATFORM, "1", lanes)
    assert world == worlds.world(lanes.profiles, PLATFORM, "1", lanes)
    told_s = TRANSFORM.latency_s(10_000_000)
    true_s = world[Lane.TRANSFORM].truth.latency.seconds((1, 1e7, 1e4))
    assert true_s == pytest.approx(4 * told_s, rel=0.2)
    traffic = generate(
        worlds.kinds(PARAMETERS["bimodal"]), days=1, seed="1", loading_documents_per_s=2_000
    )
    result = measure("bimodal", traffic, world, shared, "1", lanes.seen)
    assert result.scores["ours"].late >= result.unavoidable
    assert NOTHING_SEEN in result.scores
    assert sum(result.scores["ours"].lanes.values()) == len(traffic)


def test_large_batches_are_as_much_smaller_as_their_lane_is_slower() -> None:
    lanes = exported(learned(100, slower=4.0))
    made_for = {each.lane: each for each in PROFILES}
    table = PARAMETERS["bimodal"]
    meant = {each.name: each for each in worlds.kinds(table)}
    sized = {
        each.name: each
        for each in worlds.kinds(table, lambda lane, length: lanes.pace(made_for[lane], length))
    }
    for name in ("enterprise", "enterprise-hurry"):
        shares = [
            sized[name].median_documents / meant[name].median_documents,
            sized[name].max_documents / meant[name].max_documents,
        ]
        assert shares == pytest.approx([0.25, 0.25], rel=0.1)
    assert all(sized[name] == meant[name] for name in ("demo", "trial", "standard"))


def test_a_router_told_the_truth_places_by_it_and_learns_nothing() -> None:
    lanes = exported(learned(100, slower=4.0))
    world = worlds.world(lanes.profiles, PLATFORM, "1", lanes)
    router = InformedRouter(list(world.values()))
    true = world[Lane.TRANSFORM].truth
    batch = Arrival(0, 0.0, Tier.ENTERPRISE, 10_000, 1_000_000, 14_400.0)
    found = {each.lane: each for each in router.placed(batch, {}).alternatives}[Lane.TRANSFORM]
    assert found.doubt_usd == 0
    assert found.latency_s == pytest.approx(
        true.latency.seconds((1, 1e6, 1e4)) * (1 + true.failure_share / 2), rel=0.02
    )
    before = dict(router.curves)
    for each in batches_of(30):
        router.observe(each)
    router.choose(batch, {})
    assert router.curves == before


def test_our_router_starts_with_what_the_deployment_has_seen() -> None:
    lanes = exported(learned(40, slower=4.0), seen=batches_of(40, slower=4.0))
    router = LearningRouter(lanes.profiles, worlds.MODEL)
    for each in lanes.seen:
        router.observe(each)
    batch = Arrival(0, 0.0, Tier.ENTERPRISE, 10_000, 1_000_000, 14_400.0)
    router.choose(batch, {})
    believed, measured = router.curves[Lane.TRANSFORM], lanes.curves[2]
    assert believed.observations == 40
    assert believed.latency.multiples == pytest.approx(measured.latency.multiples)


@pytest.mark.parametrize("is_emulated", [True, False])
def test_the_page_says_what_worlds_are_drawn_from(is_emulated: bool) -> None:
    lanes = replace(exported(learned(12)), is_emulated=is_emulated)
    page = "\n".join(preface(told(lanes)))
    assert ("**Emulated**" in page) is is_emulated
    assert "| transform | ml.transform | 12 |" in page
    assert "assumptions" in "\n".join(preface(None))
