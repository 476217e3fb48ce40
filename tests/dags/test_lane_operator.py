"""The lane operator over fakes: adopt, wait, load ahead, stop when killed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.domain.errors import JobFailed, JobStopped, StoreError
from include.domain.jobs import JobState
from include.domain.lanes import Lane
from include.pipeline.collect_batch import CollectPorts
from include.pipeline.job_budget import max_runtime_s
from include.pipeline.load_batch import AheadLoader, Target
from include.pipeline.run_job import JobDriver
from tests.support.batches import World, documents, profile
from tests.support.fakes import answer_lines


class Product:
    """The composition as the operator uses it, over a world of fakes."""

    def __init__(self, world, layout):
        self.world, self.layout = world, layout
        self.late = False

    def driver(self, batch_id, lane):
        return JobDriver(
            self.layout,
            lane,
            profile=profile(lane),
            objects=self.world.objects,
            registry=self.world.registry,
            runner=self.world.runner,
            now=lambda: datetime.now(UTC) + timedelta(hours=1 if self.late else 0),
        )

    def ahead_loader(self, batch_id):
        world = self.world
        targets = (
            Target("dynamodb", world.write_store.put),
            Target("aurora", world.read_store.load_predictions),
        )
        ports = CollectPorts(world.objects, world.registry, world.gate, world.read_store)
        return AheadLoader(self.layout, targets, ports)


@pytest.fixture
def product(monkeypatch):
    world = World(shard_documents=4)
    found = Product(world, world.routed(documents(20)))
    monkeypatch.setattr("include.bootstrap.twolane", lambda: found)
    return found


@pytest.fixture
def operator():
    from twolane_airflow.operators.lane import LaneOperator

    return LaneOperator(task_id="transform", lane="transform", batch_id="b")


def test_it_waits_for_the_job_and_names_it(product, operator):
    name = operator.execute({})
    assert product.world.runner.jobs[name].state is JobState.COMPLETED


def test_a_second_try_adopts_the_job_of_the_first(product, operator):
    job = product.driver("b", Lane.TRANSFORM).advance().resource
    assert operator.execute({}) == job
    assert product.world.runner.launched == [job]


def test_shards_that_are_done_are_loaded_while_it_waits(product, operator):
    world = product.world
    world.runner.polls_until_done = 2
    first = product.layout.output_shard(0)
    shard = world.objects.objects[product.layout.input_shard(0)]
    world.objects.put(first, answer_lines(shard))
    operator.execute({})
    assert len(world.write_store.items) == 4


def test_a_store_that_fails_ahead_does_not_fail_the_lane(product, operator):
    world = product.world
    world.runner.polls_until_done = 3
    for index in (0, 1):
        shard = world.objects.objects[product.layout.input_shard(index)]
        world.objects.put(product.layout.output_shard(index), answer_lines(shard))
    world.write_store.fail_after = 0
    operator.execute({})
    with pytest.raises(StoreError):
        product.ahead_loader("b").step()


def test_killed_it_stops_its_job(product, operator):
    from twolane_airflow.operators.lane import LaneOperator

    world = product.world
    world.runner.polls_until_done = 1_000_000

    class Killed(LaneOperator):
        def _load_ahead(self, ahead):
            self.on_kill()
            return 0

    with pytest.raises(JobStopped):
        Killed(task_id="t", lane="transform", batch_id="b").execute({})
    assert world.runner.stopped == world.runner.launched


def test_killed_before_it_had_a_job_it_stops_nothing(product, operator):
    operator.on_kill()
    assert product.world.runner.stopped == []


def test_a_job_past_its_time_is_stopped(product, operator):
    product.world.runner.polls_until_done = 1_000_000
    product.late = True
    with pytest.raises(JobFailed, match="overran"):
        operator.execute({})
    assert product.world.runner.stopped == product.world.runner.launched


def test_the_time_a_job_gets_follows_its_estimate():
    world = World()
    layout = world.routed(documents(20))
    batch = world.read_store.batches[layout.batch_id]
    assert max_runtime_s(batch.placement) == 900
