"""The asynchronous endpoint in the simulator: from zero and back, shared, and paid for once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.router import worlds
from include.domain.accounts import Tier
from include.domain.curves.lane_curve import LaneCurve
from include.domain.lanes import Lane
from include.domain.simulation.arrivals import Arrival
from include.domain.simulation.lanes import SimulatedLane
from include.domain.simulation.outcome import Outcome
from include.domain.simulation.replica_terms import ReplicaTerms
from include.domain.simulation.replicas import Replicas
from include.domain.simulation.routers import FixedRule, LearningRouter
from include.domain.simulation.run import simulate
from tests.support.batches import profile

ENDPOINT = profile(
    Lane.ASYNC_ENDPOINT, cold_start_s=400, tokens_per_s=200_000, price_usd_per_h=0.7, tail_s=900
)
JOB = profile(Lane.TRANSFORM, cold_start_s=400, tokens_per_s=200_000, price_usd_per_h=0.7)


def lane(lane_profile, *, is_shared: bool, capacity: int = 4) -> SimulatedLane:
    """A lane that does exactly what the lanes file says."""
    truth = LaneCurve.assumed(lane_profile, worlds.MODEL)
    truth = replace(truth, latency=replace(truth.latency, noise=0.0), failures=(0.0, 1.0))
    return SimulatedLane(lane_profile, truth, capacity, is_shared=is_shared)


LANES = {
    Lane.ASYNC_ENDPOINT: lane(ENDPOINT, is_shared=True),
    Lane.TRANSFORM: lane(JOB, is_shared=False),
}


def batches(*at_s: float, tokens: int = 20_000_000) -> list[Arrival]:
    return [
        Arrival(n, at, Tier.STANDARD, 20_000, tokens, 7_200.0) for n, at in enumerate(sorted(at_s))
    ]


def on_endpoint(arrivals: list[Arrival], capacity: int = 4) -> list[Outcome]:
    lanes = {Lane.ASYNC_ENDPOINT: lane(ENDPOINT, is_shared=True, capacity=capacity)}
    rule = FixedRule(lambda batch: Lane.ASYNC_ENDPOINT, {Lane.ASYNC_ENDPOINT: ENDPOINT})
    return simulate(arrivals, lanes, rule, luck="1")


def test_the_first_batch_pays_the_start_and_the_last_the_tail() -> None:
    first, second = on_endpoint(batches(0.0, 600.0))
    assert first.latency_s == pytest.approx(500)
    assert second.latency_s == pytest.approx(100)
    assert first.list_cost_usd == pytest.approx((400 + 100 + 100) * 0.7 / 3600)
    assert second.list_cost_usd == pytest.approx((100 + 900) * 0.7 / 3600)


def test_an_endpoint_that_has_gone_to_zero_starts_anew() -> None:
    first, second = on_endpoint(batches(0.0, 3_600.0))
    assert first.latency_s == second.latency_s == pytest.approx(500)


def test_a_queue_longer_than_a_start_brings_another_instance() -> None:
    alone = on_endpoint(batches(*[0.0] * 12), capacity=1)
    four = on_endpoint(batches(*[0.0] * 12))
    assert max(each.latency_s for each in alone) == pytest.approx(400 + 12 * 100)
    assert max(each.latency_s for each in four) < 0.7 * max(each.latency_s for each in alone)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e4), st.floats(1, 500)), min_size=1, max_size=20),
    st.floats(0, 300),
    st.floats(0, 1000),
    st.integers(1, 4),
    st.integers(0, 1),
    st.booleans(),
)
def test_what_jobs_pay_is_what_is_billed(jobs, start_s, idle_s, most, kept, is_billed) -> None:
    replicas = Replicas(
        ReplicaTerms(start_s, is_billed, idle_s, 0.0, most, kept=lambda at_s: kept),
        work_s=lambda job: jobs[job][1],
        alone_s=lambda job: jobs[job][1],
    )
    for number, (at_s, _) in enumerate(jobs):
        replicas.offer(number, at_s)
    replicas.open()
    served = replicas.advance()
    replicas.close(replicas.now_s)
    assert sorted(each.job for each in served) == list(range(len(jobs)))
    billed_s = -sum(at_s * change for at_s, change in replicas.changes)
    assert sum(replicas.shares_s.values()) == pytest.approx(billed_s)
    assert all(share >= 0 for share in replicas.shares_s.values())
    if not kept and most == 1:  # of several, one may come when another has done the work
        assert replicas.shares_s[None] == 0


def bursts() -> list[Arrival]:
    """A large batch each day that the endpoint alone admits, and 29 that follow it."""
    arrivals = batches(*(day * 86_400.0 + n * 120.0 for day in range(10) for n in range(30)))
    return [replace(each, documents=200_000) if each.index % 30 == 0 else each for each in arrivals]


def test_in_a_burst_the_endpoint_costs_less_than_jobs() -> None:
    jobs = simulate(
        bursts(), LANES, FixedRule(lambda batch: Lane.TRANSFORM, {Lane.TRANSFORM: JOB}), luck="1"
    )
    shared = on_endpoint(bursts())
    assert sum(o.list_cost_usd for o in shared) < 0.5 * sum(o.list_cost_usd for o in jobs)


def test_the_router_follows_to_an_endpoint_that_is_warm() -> None:
    limited = replace(JOB, max_documents=100_000)
    lanes = LANES | {Lane.TRANSFORM: lane(limited, is_shared=False)}
    profiles = [each.profile for each in lanes.values()]
    ours = simulate(bursts(), lanes, LearningRouter(profiles, worlds.MODEL), luck="1")
    assert [each.batch.index for each in ours] == list(range(300))
    assert sum(o.lane is Lane.ASYNC_ENDPOINT for o in ours) > 200
    assert not any(o.is_late for o in ours)
