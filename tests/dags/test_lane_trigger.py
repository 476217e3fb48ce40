"""The lane trigger over fakes: what it fires, what it survives, when it stops the lane."""

from __future__ import annotations

import asyncio
import importlib
import threading
from types import SimpleNamespace

import pytest

from include.domain.errors import StoreError
from include.domain.lanes import Lane
from include.pipeline.lanes.driver import LaneProgress
from tests.support.batches import World, documents
from tests.support.fakes import answer_lines
from tests.support.lane_product import ADDRESS, LaneProduct

TASK = SimpleNamespace(dag_id="d", task_id="transform", run_id="r", map_index=-1)


@pytest.fixture
def addresses():
    return []


@pytest.fixture
def product(monkeypatch, addresses):
    world = World(shard_documents=4)
    found = LaneProduct(world, world.routed(documents(20)))

    def at(region, endpoint_urls):
        addresses.append((region, endpoint_urls))
        return found

    monkeypatch.setattr("include.wiring.batches.bootstrap.twolane_at", at)
    return found


def trigger(**changes):
    from twolane_airflow.triggers.lane import LaneTrigger

    wait = {
        "batch_id": "b",
        "lane": "transform",
        "region": ADDRESS.region,
        "endpoint_urls": dict(ADDRESS.endpoint_urls),
        "look_s": 0.001,
        "loaded_shards": 0,
        "ahead_shards": 0,
    }
    return LaneTrigger(**wait | changes)


def fired(which):
    """The payload of the one event that a trigger fires."""

    async def run():
        return [event.payload async for event in which.run()]

    [payload] = asyncio.run(run())
    return payload


def test_it_can_be_stored_and_made_again():
    from airflow.serialization.serialized_objects import BaseSerialization

    path, arguments = trigger(loaded_shards=3).serialize()
    stored = BaseSerialization.deserialize(BaseSerialization.serialize(arguments))
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**stored)

    assert again.wait == trigger(loaded_shards=3).wait


def test_it_drives_the_lane_to_its_end_on_the_aws_it_was_told(product, addresses):
    product.world.runner.polls_until_done = 3
    event = fired(trigger())
    job = product.world.runner.launched[0]
    assert event == {
        "status": "done",
        "batch_id": "b",
        "lane": "transform",
        "resource": job,
        "message": "",
    }
    assert set(addresses) == {(ADDRESS.region, ADDRESS.endpoint_urls)}


def test_a_job_that_fails_is_told_as_failed_with_its_reason(product):
    product.world.runner.polls_until_done = 1_000_000
    product.is_late = True
    event = fired(trigger())
    assert event["status"] == "failed"
    assert "overran" in event["message"]


def test_shards_that_are_done_are_worth_a_resumption_when_they_are_many(product):
    product.world.runner.polls_until_done = 1_000_000
    for index in range(3):
        shard = product.world.objects.objects[product.layout.input_shard(index)]
        product.world.objects.put(product.layout.output_shard(index), answer_lines(shard))
    assert fired(trigger(loaded_shards=1, ahead_shards=2))["status"] == "loadable"
    product.is_late = True
    assert fired(trigger(loaded_shards=2, ahead_shards=2))["status"] == "failed"


class Flaky:
    """A driver whose first looks go wrong."""

    def __init__(self, driver, errors):
        self.driver, self.errors = driver, errors

    def advance(self):
        if self.errors:
            raise self.errors.pop()
        return self.driver.advance()


def test_a_service_that_restarts_is_outlived(product, monkeypatch):
    flaky = Flaky(product.driver("b", Lane.TRANSFORM), [StoreError("away")] * 5)
    monkeypatch.setattr(product, "driver", lambda batch_id, lane: flaky)
    assert fired(trigger())["status"] == "done"


@pytest.mark.parametrize("error", [StoreError("away for good"), RuntimeError("a bug")])
def test_what_cannot_be_driven_is_told_as_failed(product, monkeypatch, error):
    flaky = Flaky(None, [error] * 1_000)
    monkeypatch.setattr(product, "driver", lambda batch_id, lane: flaky)
    event = fired(trigger())
    assert event["status"] == "failed"
    assert str(error) in event["message"]


def killed(state, monkeypatch):
    """Kill a trigger whose task is now in a state; return once it has done what it does."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    states = {"r": {"transform": state}}
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(lambda **_: states))
    which = trigger()
    which.task_instance = TASK
    asyncio.run(which.on_kill())


@pytest.mark.parametrize("state", ["failed", "success", None, "queued", "running"])
def test_the_lane_of_a_task_that_was_cleared_or_marked_is_stopped(product, monkeypatch, state):
    product.world.runner.polls_until_done = 1_000_000
    product.driver("b", Lane.TRANSFORM).advance()
    killed(state, monkeypatch)
    assert product.world.runner.stopped == product.world.runner.launched


def test_the_lane_of_a_task_that_is_still_deferred_goes_on(product, monkeypatch):
    product.world.runner.polls_until_done = 1_000_000
    product.driver("b", Lane.TRANSFORM).advance()
    killed("deferred", monkeypatch)
    assert product.world.runner.stopped == []


class Timed:
    """A driver that decides under a deadline; done at its third look."""

    def __init__(self):
        self.looks = 0

    def advance(self):
        self.looks += 1
        return LaneProgress(self.looks == 3, "job", "", look_again_s=0.001, is_timed=True)


def test_a_lane_that_decides_under_a_deadline_is_looked_at_when_it_asks_for_it(
    product, monkeypatch
):
    timed = Timed()
    monkeypatch.setattr(product, "driver", lambda batch_id, lane: timed)
    monkeypatch.setattr(product, "outputs", lambda batch_id: pytest.fail("loads meanwhile"))
    assert fired(trigger(look_s=1e9, ahead_shards=1))["status"] == "done"


class Slow:
    """A driver whose look takes until it is let go; notes what happens in which order."""

    def __init__(self):
        self.begun, self.let_go, self.order = threading.Event(), threading.Event(), []

    def advance(self):
        self.begun.set()
        assert self.let_go.wait(10)
        self.order.append("looked")
        raise StoreError("nothing new")

    def stop(self):
        self.order.append("stopped")


def test_a_look_under_way_ends_before_the_lane_is_stopped(product, monkeypatch):
    """Else it could start again what has just been stopped."""
    slow = Slow()
    monkeypatch.setattr(product, "driver", lambda batch_id, lane: slow)

    async def scenario():
        which = trigger()
        running = asyncio.ensure_future(anext(aiter(which.run())))
        await asyncio.to_thread(slow.begun.wait, 10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        killing = asyncio.ensure_future(which.on_kill())
        await asyncio.sleep(0)
        slow.let_go.set()
        await killing

    asyncio.run(scenario())
    assert slow.order == ["looked", "stopped"]
