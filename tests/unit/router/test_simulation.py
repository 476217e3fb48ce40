"""The simulator: the same luck for all, capacity held, and a bound that nobody beats."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest

from benchmarks.router import worlds
from benchmarks.router.measure import ALL_SHARED, OURS_SHARED, measure
from benchmarks.router.report import BASELINES, summary
from benchmarks.router.rules import always_gpu, fixed_threshold
from include.domain.accounts import Tier
from include.domain.curves.observation import LaneObservation
from include.domain.lanes import Lane
from include.domain.simulation.arrivals import Arrival, generate
from include.domain.simulation.clairvoyant import admits, least_costs
from include.domain.simulation.lanes import SimulatedLane
from include.domain.simulation.routers import FixedRule, LearningRouter
from include.domain.simulation.run import Choice, simulate
from tests.support.batches import profile

PARAMETERS = worlds.parameters()
TRUTHS = worlds.AssumedTruths(PARAMETERS["platform"])
PROFILES = (
    profile(
        Lane.SERVERLESS,
        cold_start_s=1,
        tokens_per_s=9_000,
        price_usd_per_h=0.288,
        start_billed=False,
        max_documents=1_000,
        max_tokens=200_000,
    ),
    profile(
        Lane.PROCESSING,
        cold_start_s=240,
        tokens_per_s=18_000,
        price_usd_per_h=0.2,
        max_documents=10_000,
        max_instances=4,
    ),
    profile(
        Lane.TRANSFORM, cold_start_s=400, tokens_per_s=200_000, price_usd_per_h=0.7, max_instances=4
    ),
    profile(
        Lane.SPOT,
        cold_start_s=400,
        tokens_per_s=200_000,
        price_usd_per_h=0.2,
        on_demand_usd_per_h=0.7,
        slack_factor=10,
    ),
)
ENDPOINT = profile(
    Lane.ASYNC_ENDPOINT, cold_start_s=490, tokens_per_s=200_000, price_usd_per_h=0.7, tail_s=960
)


def traffic(days: int, seed: str = "1") -> list[Arrival]:
    return generate(
        worlds.kinds(PARAMETERS["bimodal"]), days=days, seed=seed, loading_documents_per_s=2_000
    )


def lanes(seed: str = "1") -> dict[Lane, SimulatedLane]:
    return worlds.world(PROFILES, PARAMETERS["platform"], seed, TRUTHS)


def shared(seed: str = "1") -> dict[Lane, SimulatedLane]:
    return worlds.shared([*PROFILES, ENDPOINT], PARAMETERS["platform"], seed, TRUTHS)


def test_traffic_is_the_same_for_the_same_seed_and_in_order() -> None:
    batches = traffic(2)
    assert batches == traffic(2)
    assert batches != traffic(2, seed="2")
    assert all(a.at_s <= b.at_s for a, b in pairwise(batches))
    sizes = sorted(batch.documents for batch in batches)
    assert sizes[len(sizes) // 2] < 100
    assert sizes[-1] > 100_000


def test_no_router_beats_the_bound_unless_it_is_late_more_often() -> None:
    result = measure("bimodal", traffic(2), lanes(), shared(), "1")
    for name, score in result.scores.items():
        if name in (OURS_SHARED, ALL_SHARED):
            continue  # the bound knows nothing of their lane
        assert score.late >= result.unavoidable
        assert score.cost_usd >= result.least_usd or score.late > result.unavoidable
        assert sum(score.lanes.values()) == result.batches


def test_the_learning_router_is_near_the_bound_and_far_below_the_threshold() -> None:
    part = summary([measure("bimodal", traffic(3, seed="4"), lanes("4"), shared("4"), "4")])
    assert part["routers"]["ours"]["over_clairvoyant"] < 1.25
    assert part["saving_on_fixed_threshold"] > 0.3
    assert part["no_more_late"]


def test_the_shared_endpoint_takes_part_and_changes_nothing_of_the_other_lanes() -> None:
    result = measure("bimodal", traffic(1), lanes(), shared(), "1")
    assert set(shared()) == {Lane.ASYNC_ENDPOINT}
    assert all(each.is_shared for each in shared().values())
    assert Lane.ASYNC_ENDPOINT not in lanes()
    used = result.scores[ALL_SHARED].lanes
    assert set(used) == {"serverless", "async_endpoint"}
    assert sum(used.values()) == result.batches
    assert all("async_endpoint" not in result.scores[name].lanes for name in BASELINES)


def test_instances_are_never_more_than_the_lane_has() -> None:
    tight = {lane: replace(each, capacity=2) for lane, each in lanes().items()}
    profiles = {each.profile.lane: each.profile for each in tight.values()}
    outcomes = simulate(traffic(1), tight, FixedRule(always_gpu(tight), profiles), luck="1")
    changes = []
    for each in outcomes:
        begun = each.batch.at_s + each.waited_s
        ended = each.batch.at_s + each.latency_s
        changes += [(round(begun, 3), 1), (round(ended, 3), -1)]
    held = most = 0
    for _, change in sorted(changes):
        held += change
        most = max(most, held)
    assert most == 2
    assert any(each.waited_s > 0 for each in outcomes)


def test_luck_is_the_batchs_own_whoever_places_it() -> None:
    fleet, batches = lanes(), traffic(1)
    profiles = {each.profile.lane: each.profile for each in fleet.values()}
    first = simulate(batches, fleet, FixedRule(fixed_threshold(fleet), profiles), luck="1")
    second = simulate(batches, fleet, FixedRule(always_gpu(fleet), profiles), luck="1")
    paired = [
        (a, b) for a, b in zip(first, second, strict=True) if a.lane is b.lane is Lane.TRANSFORM
    ]
    assert paired
    assert all(a.list_cost_usd == b.list_cost_usd for a, b in paired)


class Recorder(LearningRouter):
    """Notes when it hears of a batch."""

    def __init__(self) -> None:
        super().__init__(PROFILES, worlds.MODEL)
        self.now_s = 0.0
        self.heard: dict[str, float] = {}

    def choose(self, batch: Arrival, waits: object, warm: object = ()) -> Choice:
        self.now_s = batch.at_s
        choice = super().choose(batch, waits, warm)  # type: ignore[arg-type]
        assert admits(next(p for p in PROFILES if p.lane is choice.lane), batch)
        return choice

    def observe(self, observation: LaneObservation) -> None:
        self.heard[observation.observation_id] = observation.seen_at.timestamp()
        super().observe(observation)


def test_a_router_hears_of_a_batch_after_it_has_ended_and_keeps_every_limit() -> None:
    router = Recorder()
    outcomes = simulate(traffic(1), lanes(), router, luck="1")
    ended = {str(o.batch.index): o.batch.at_s + o.latency_s for o in outcomes}
    assert router.heard
    assert set(router.heard) <= set(ended)
    assert len(router.heard) > 0.9 * len(outcomes)


def test_interruptions_cost_starts_and_the_deadline_is_still_kept() -> None:
    fleet = lanes()
    spot = fleet[Lane.SPOT]
    rough = replace(spot, truth=replace(spot.truth, interruptions=(4.0, 3600.0)))
    calm = replace(spot, truth=replace(spot.truth, interruptions=(0.0, 1.0)))
    batches = [
        Arrival(n, n * 50_000.0, Tier.ENTERPRISE, 10_000, 100_000_000, 14_400) for n in range(60)
    ]
    cost: dict[str, float] = defaultdict(float)
    for name, lane in (("rough", rough), ("calm", calm)):
        router = FixedRule(lambda batch: Lane.SPOT, {Lane.SPOT: lane.profile})
        for each in simulate(batches, {Lane.SPOT: lane}, router, luck="1"):
            cost[name] += each.list_cost_usd
            assert not each.is_late
    assert cost["rough"] > 1.2 * cost["calm"]


def test_the_bound_of_a_batch_that_cannot_be_in_time_says_so() -> None:
    batch = Arrival(0, 0.0, Tier.DEMO, 100_000, 10_000_000, 15.0)
    (least,) = least_costs([batch], lanes(), luck="1")
    assert least.is_late
    assert least.list_cost_usd > 0


@pytest.mark.parametrize("seed", ["7", "8"])
def test_a_world_is_off_from_its_lanes_file_and_the_same_each_time(seed: str) -> None:
    assert lanes(seed) == lanes(seed)
    for each in lanes(seed).values():
        told = each.profile.latency_s(1_000_000)
        assert each.truth.latency.seconds((1, 1_000_000, 1_000)) != pytest.approx(told, rel=1e-3)
