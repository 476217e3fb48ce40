"""The lane operator over fakes: adopt, wait, load ahead, stop when killed."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from include.domain.errors import JobFailed, JobStopped, StoreError
from include.domain.execution.jobs import JobState
from include.domain.lanes import Lane
from include.pipeline.lanes.jobs.budget import max_runtime_s
from tests.support.batches import World, documents
from tests.support.fakes import answer_lines
from tests.support.lane_product import ADDRESS, LaneProduct


@pytest.fixture
def product(monkeypatch):
    world = World(shard_documents=4)
    found = LaneProduct(world, world.routed(documents(20)))
    monkeypatch.setattr("include.wiring.batches.bootstrap.twolane", lambda: found)
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
    product.is_late = True
    with pytest.raises(JobFailed, match="overran"):
        operator.execute({})
    assert product.world.runner.stopped == product.world.runner.launched


def test_the_time_a_job_gets_follows_its_estimate():
    world = World()
    layout = world.routed(documents(20))
    batch = world.read_store.batches[layout.batch_id]
    assert max_runtime_s(batch.placement) == 900


def deferred(operator):
    """What the operator defers with: the trigger's arguments and the method to resume."""
    from airflow.sdk.exceptions import TaskDeferred

    with pytest.raises(TaskDeferred) as caught:
        operator.execute({})
    return caught.value.trigger.serialize()[1], caught.value.method_name


def endless(product):
    product.world.runner.polls_until_done = 1_000_000


def lane_operator(**changes):
    from twolane_airflow.operators.lane import LaneOperator

    return LaneOperator(task_id="transform", lane="transform", batch_id="b", **changes)


def test_a_lane_that_takes_long_is_started_and_waited_for_in_the_triggerer(product):
    endless(product)
    wait, method = deferred(lane_operator(defer_after_s=0.0))
    assert len(product.world.runner.launched) == 1
    assert method == "execute_complete"
    assert wait == {
        "batch_id": "b",
        "lane": "transform",
        "region": ADDRESS.region,
        "endpoint_urls": dict(ADDRESS.endpoint_urls),
        "look_s": 0.001,
        "loaded_shards": 0,
        "ahead_shards": 2,
    }


def test_a_lane_that_takes_longer_than_was_expected_is_deferred_then(product):
    endless(product)
    product.settings = SimpleNamespace(**vars(product.settings) | {"defer_after_s": 1e-9})
    deferred(lane_operator(defer_after_s=None))
    latency_s = product.placement("b").latency_s
    deferred(lane_operator(defer_after_s=latency_s + 0.05))


def test_it_loads_what_is_done_before_it_defers(product):
    endless(product)
    put_output(product, 0)
    wait, _ = deferred(lane_operator(defer_after_s=0.0))
    assert wait["loaded_shards"] == 1
    assert len(product.world.write_store.items) == 4


def test_a_store_that_fails_ahead_is_not_waited_for(product):
    endless(product)
    put_output(product, 0)
    product.world.write_store.fail_after = 0
    wait, _ = deferred(lane_operator(defer_after_s=0.0))
    assert wait["ahead_shards"] == 0


def put_output(product, index):
    shard = product.world.objects.objects[product.layout.input_shard(index)]
    product.world.objects.put(product.layout.output_shard(index), answer_lines(shard))


EVENT = {"batch_id": "b", "lane": "transform", "resource": "the-job", "message": ""}


def test_it_resumes_from_the_event_alone(monkeypatch):
    monkeypatch.setattr(
        "include.wiring.batches.bootstrap.twolane", lambda: pytest.fail("asks the world")
    )
    done = EVENT | {"status": "done"}
    assert lane_operator().execute_complete({}, done) == "the-job"


@pytest.mark.parametrize(
    "event",
    [
        EVENT | {"status": "failed", "message": "out of disk"},
        EVENT | {"status": "Failed"},
        {"status": "success"},
        {},
        None,
    ],
)
def test_an_event_that_does_not_say_done_fails_the_task(monkeypatch, event):
    monkeypatch.setattr(
        "include.wiring.batches.bootstrap.twolane", lambda: pytest.fail("asks the world")
    )
    reason = "out of disk" if event and event.get("message") else "nothing known"
    with pytest.raises(JobFailed, match=reason):
        lane_operator().execute_complete({}, event)


def resumed_to_load(product, done, **changes):
    """The wait that a task defers with again, resumed with so many of five shards done."""
    from airflow.sdk.exceptions import TaskDeferred

    endless(product)
    product.driver("b", Lane.TRANSFORM).advance()
    for index in range(done):
        put_output(product, index)
    with pytest.raises(TaskDeferred) as caught:
        lane_operator(**changes).execute_complete({}, EVENT | {"status": "loadable"})
    return caught.value.trigger.wait


def test_resumed_to_load_it_loads_and_waits_on(product):
    wait = resumed_to_load(product, 2, defer_after_s=0.0)
    assert len(product.world.write_store.items) == 8
    assert wait.loaded_shards == 2


@pytest.mark.parametrize(("done", "worth_it"), [(0, 2), (1, 2), (3, 1), (4, 1), (5, 0)])
def test_the_fewer_shards_are_left_the_fewer_are_worth_a_resumption(product, done, worth_it):
    assert resumed_to_load(product, done, defer_after_s=0.0).ahead_shards == worth_it


def test_it_stays_in_its_slot_when_what_is_left_will_not_take_long(product, monkeypatch):
    """Two of five shards are left: 40 per cent of the time the lane was expected to take."""
    # What was waited so far is not in question, and on a busy machine it may be long.
    clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=time.sleep)
    monkeypatch.setattr("twolane_airflow.operators.lane.time", clock)
    latency_s = product.placement("b").latency_s
    operator = lane_operator(defer_after_s=0.5 * latency_s)
    for index in range(3):
        put_output(product, index)
    product.world.runner.polls_until_done = 3
    assert operator.execute_complete({}, EVENT | {"status": "loadable"})
    assert len(product.world.write_store.items) >= 12


def test_a_lane_that_is_done_meanwhile_is_not_waited_for_again(product):
    job = product.driver("b", Lane.TRANSFORM).advance().resource
    operator = lane_operator(defer_after_s=0.0)
    assert operator.execute_complete({}, EVENT | {"status": "loadable"}) == job
