"""The spot lane on simulated capacity: never late where it can be, each shard done, all charged.

Every look is made by a fresh driver, as after a crash at every step.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.domain.errors import JobFailed, JobStopped
from include.domain.execution.jobs import JobRef, JobState
from include.domain.lanes import Lane
from include.domain.money.costs import Capacity, Waste
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.jobs.run_job import MAX_FRUITLESS
from include.pipeline.lanes.spot.jobs import MAX_FAILURES, SpotPorts
from include.pipeline.lanes.spot.run_spot import SpotDriver
from tests.support.batches import NOW, World, documents, profile
from tests.support.fakes.spot import FakeSpotService, up_and_down

SHARDS, DOCUMENTS = 8, 4
SECONDS_A_SHARD, START_S = 10.0, 5.0


class Bench:
    """A batch of eight shards of ten seconds each on the spot lane, due after `deadline_s`."""

    def __init__(self, is_available, deadline_s):
        self.world = World(shard_documents=DOCUMENTS)
        self.layout = self.world.routed(
            documents(SHARDS * DOCUMENTS), deadline_s=deadline_s, key=f"due {deadline_s}"
        )
        self.late_s = 0.0
        self.service = FakeSpotService(
            self.world.objects,
            NOW,
            is_available,
            seconds_a_shard=SECONDS_A_SHARD,
            start_s=START_S,
        )
        self.records = BatchRecords(self.world.objects, self.layout)
        tokens = self.records.validation().token_estimate
        self.profile = replace(
            profile(Lane.SPOT, price_usd_per_h=0.3, on_demand_usd_per_h=1.0),
            tokens_per_s=tokens / (SHARDS * SECONDS_A_SHARD),
            cold_start_s=START_S,
        )

    def driver(self):
        return SpotDriver(
            self.layout,
            profile=self.profile,
            loading_documents_per_s=1e9,
            ports=SpotPorts(self.world.objects, self.world.registry, self.service),
            now=self.service.now,
        )

    def run(self, until_s=10_000.0):
        """Look until it is done; return the second at which it was."""
        while self.service.time_s < until_s:
            progress = self.driver().advance()
            if progress.is_done:
                return self.service.time_s
            self.service.time_s += progress.look_again_s + self.late_s
        raise AssertionError(f"not done after {until_s} s")

    def answered(self):
        objects = self.world.objects.objects
        prefix = self.layout.output_prefix
        uris = sorted(uri for uri in objects if uri.startswith(prefix))
        return [json.loads(line)["id"] for uri in uris for line in objects[uri].splitlines()]

    def capacities(self):
        return [job.spec.capacity for job in self.service.jobs.values()]


def test_spot_that_lasts_does_it_all_at_the_spot_price():
    bench = Bench(lambda second: True, 600.0)
    assert bench.run() < 100
    assert bench.capacities() == [Capacity.SPOT]
    assert bench.answered() == [f"d{i}" for i in range(SHARDS * DOCUMENTS)]
    (run,) = bench.records.lane_runs()
    assert run.capacity is Capacity.SPOT
    assert run.billable_s == pytest.approx(0.3 * (START_S + 80), abs=2)
    assert run.waste_s == {Waste.COLD_START: pytest.approx(0.3 * START_S, abs=0.5)}


def test_an_interruption_is_waited_out_and_costs_the_shard_in_flight():
    bench = Bench(up_and_down([33, 60]), 600.0)
    bench.run()
    assert bench.capacities() == [Capacity.SPOT]
    (job,) = bench.service.jobs.values()
    assert len(job.shards_done) == SHARDS
    (run,) = bench.records.lane_runs()
    assert run.waste_s[Waste.INTERRUPTED] == pytest.approx(0.3 * 7, abs=2)
    assert run.waste_s[Waste.COLD_START] == pytest.approx(0.3 * 2 * START_S, abs=1)


@pytest.mark.parametrize("lasts_s", [0.0, 2.0, 12.0, 33.0, 71.0])
def test_it_goes_on_demand_before_the_deadline_is_at_risk(lasts_s):
    bench = Bench(up_and_down([lasts_s]), 200.0)
    ended_s = bench.run()
    assert ended_s <= 200
    assert bench.answered() == [f"d{i}" for i in range(SHARDS * DOCUMENTS)]
    assert bench.capacities()[-1] is Capacity.ON_DEMAND
    done = [name for job in bench.service.jobs.values() for name in job.shards_done]
    assert sorted(done) == sorted(set(done)), "on demand does what spot has left and nothing else"
    runs = bench.records.lane_runs()
    assert runs[-1].capacity is Capacity.ON_DEMAND
    started = [job for job in bench.service.jobs.values() if job.held_s]
    assert len(runs) == len(started)


def test_a_deadline_without_room_goes_on_demand_at_once():
    bench = Bench(lambda second: True, 90.0)
    assert bench.run() <= 90
    assert bench.capacities()[-1] is Capacity.ON_DEMAND
    assert len(bench.answered()) == SHARDS * DOCUMENTS


def test_spot_that_is_refused_is_like_spot_that_is_gone():
    bench = Bench(lambda second: True, 300.0)
    bench.service.refuse_spot = "ResourceLimitExceeded"
    assert bench.run() <= 300
    assert bench.capacities() == [Capacity.ON_DEMAND]


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.floats(0.5, 80), max_size=12),
    is_up_first=st.booleans(),
    slack=st.floats(1.3, 6.0),
    late_s=st.sampled_from([0.0, 5.0]),
)
def test_no_availability_makes_it_late_or_loses_or_doubles_a_document(
    lengths, is_up_first, slack, late_s
):
    deadline_s = (SHARDS * SECONDS_A_SHARD + START_S) * slack
    bench = Bench(up_and_down(lengths, is_up_first=is_up_first), deadline_s)
    bench.late_s = late_s
    assert bench.run() <= deadline_s
    assert bench.answered() == [f"d{i}" for i in range(SHARDS * DOCUMENTS)]
    redone = [name for job in bench.service.jobs.values() for name in job.shards_done]
    assert sorted(redone) == sorted(set(redone))
    for run in bench.records.lane_runs():
        assert sum(run.waste_s.values()) <= run.billable_s + 1
        job = bench.service.jobs[run.resource_id]
        assert run.capacity is job.spec.capacity
        assert job.state.is_final


def test_a_container_that_always_fails_is_given_up_and_every_job_is_charged():
    bench = Bench(lambda second: True, 6000.0)
    bench.service.fail_with = "AlgorithmError: exit code 1"
    with pytest.raises(JobFailed, match="exit code 1"):
        bench.run()
    jobs = bench.service.jobs
    assert MAX_FAILURES < len(jobs) <= MAX_FAILURES + MAX_FRUITLESS + 3
    assert {run.resource_id for run in bench.records.lane_runs()} == set(jobs)
    bench.service.fail_with = ""
    bench.run()
    assert len(bench.answered()) == SHARDS * DOCUMENTS


def test_a_record_that_kills_the_container_is_set_aside_on_demand():
    bench = Bench(lambda second: True, 6000.0)
    bench.service.dies_of = b'"d14"'
    bench.run()
    objects = bench.world.objects.objects
    lines = [json.loads(line) for line in objects[bench.layout.output_shard(3)].splitlines()]
    assert [line["id"] for line in lines if "error" in line] == ["d14"]
    assert bench.answered() == [f"d{i}" for i in range(SHARDS * DOCUMENTS)]
    done = [name for job in bench.service.jobs.values() for name in job.shards_done]
    assert [done.count(f"0000{i}.jsonl") for i in range(SHARDS)] == [1, 1, 1, 0, 1, 1, 1, 1]


def test_a_job_stopped_by_a_person_is_an_error_and_the_next_task_goes_on():
    bench = Bench(lambda second: True, 6000.0)
    driver = bench.driver()
    for _ in range(30):
        driver.advance()
        bench.service.time_s += 1
    bench.service.stop(JobRef(Lane.SPOT, next(iter(bench.service.jobs))))
    bench.service.time_s += 1
    with pytest.raises(JobStopped):
        driver.advance()
    bench.run()
    done = [name for job in bench.service.jobs.values() for name in job.shards_done]
    assert len(done) == len(set(done)) == SHARDS


def test_stop_stops_what_another_process_has_launched_and_charges_it():
    bench = Bench(lambda second: True, 6000.0)
    bench.driver().advance()
    bench.service.time_s = 40.0
    assert not bench.driver().stop(), "it is asked to stop, and has not ended"
    assert bench.service.stopped == list(bench.service.jobs)
    (run,) = bench.records.lane_runs()
    assert run.billable_s == pytest.approx(40, abs=1)
    bench.service.time_s = 60.0
    assert bench.driver().stop()
    (run,) = bench.records.lane_runs()
    assert run.billable_s == pytest.approx(12, abs=1), "spot's discount is known at the end"


def test_a_driver_that_died_before_launching_launches_what_it_had_recorded():
    bench = Bench(lambda second: True, 6000.0)
    bench.service.launch = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        bench.driver().advance()
    del bench.service.launch
    bench.run()
    assert [job.state for job in bench.service.jobs.values()] == [JobState.COMPLETED]
