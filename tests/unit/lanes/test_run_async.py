"""The asynchronous lane: each shard asked for once, answered once, and charged by what was held."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from include.domain.errors import JobFailed
from include.domain.lanes import Lane
from include.domain.money.costs import Waste
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, LaneRun
from include.pipeline.lanes.async_endpoint.costs import finished_run
from include.pipeline.lanes.async_endpoint.records import Meter
from include.pipeline.lanes.async_endpoint.run_async import AsyncDriver
from include.pipeline.lanes.async_endpoint.shards import LOST_AFTER_S, MAX_TRIES
from tests.support.batches import NOW, World, documents, profile
from tests.support.fakes.async_endpoint import FakeAsyncEndpoint

PROFILE = profile(Lane.ASYNC_ENDPOINT, cold_start_s=10.0, tail_s=20.0)


@dataclass
class Lanes:
    """A batch of three shards, an endpoint, and a clock that tests turn."""

    world: World = field(default_factory=lambda: World(shard_documents=4))
    at: datetime = NOW

    def __post_init__(self) -> None:
        self.endpoint = FakeAsyncEndpoint(self.world.objects, answers_at_once=False)
        self.layout: BatchLayout = self.world.routed(documents(10))

    def driver(self) -> AsyncDriver:
        """A driver as a process that has just begun would have it."""
        return AsyncDriver(
            self.layout,
            profile=PROFILE,
            objects=self.world.objects,
            registry=self.world.registry,
            endpoint=self.endpoint,
            now=lambda: self.at,
        )

    def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def run(self) -> LaneRun:
        (run,) = BatchRecords(self.world.objects, self.layout).lane_runs()
        return run

    def outputs(self) -> list[str]:
        listed = self.world.objects.list_objects(self.layout.output_prefix)
        return [info.uri.removeprefix(self.layout.output_prefix) for info in listed]


@pytest.fixture
def lanes() -> Lanes:
    return Lanes()


def test_each_shard_is_one_request_and_lands_where_every_lane_leaves_it(lanes: Lanes) -> None:
    first = lanes.driver().advance()
    lanes.endpoint.work()
    last = lanes.driver().advance()

    batch = lanes.layout.batch_id
    assert lanes.endpoint.sent == [f"{batch}-{index:05d}-0" for index in range(3)]
    assert not first.is_done
    assert last.is_done
    assert last.resource.endswith("-async")
    assert lanes.outputs() == [f"{index:05d}.jsonl.out" for index in range(3)]
    assert not lanes.world.objects.list_objects("s3://twolane-work/async/")


def test_a_process_that_follows_another_sends_nothing_again(lanes: Lanes) -> None:
    lanes.driver().advance()
    lanes.endpoint.work(1)
    for _ in range(3):
        lanes.driver().advance()
    lanes.endpoint.work()

    assert lanes.driver().advance().is_done
    assert lanes.driver().advance().is_done
    assert len(lanes.endpoint.sent) == 3


def test_requests_that_a_dying_process_had_not_recorded_are_sent_again_and_count_once(
    lanes: Lanes,
) -> None:
    lanes.driver().advance()
    (record,) = [
        info.uri
        for info in lanes.world.objects.list_objects(f"{lanes.layout.root}async/requests/")
        if info.uri.endswith("00001.json")
    ]
    del lanes.world.objects.objects[record]
    lanes.endpoint.work()

    lanes.driver().advance()
    lanes.endpoint.work()

    assert lanes.driver().advance().is_done
    assert len(lanes.endpoint.sent) == 4
    assert all(
        count == 1
        for uri, count in lanes.world.objects.writes.items()
        if uri.startswith(lanes.layout.output_prefix)
    )


def test_a_failed_shard_alone_is_sent_again(lanes: Lanes) -> None:
    lanes.endpoint.failing = lambda name: "exit code 137" if name.endswith("00001-0") else None
    lanes.driver().advance()
    lanes.endpoint.work()
    lanes.driver().advance()
    lanes.endpoint.work()

    assert lanes.driver().advance().is_done
    assert lanes.endpoint.sent[3:] == [f"{lanes.layout.batch_id}-00001-1"]
    assert lanes.run().waste_s.keys() >= {Waste.IDLE}


def test_it_gives_up_with_the_reason_and_another_attempt_starts_anew(lanes: Lanes) -> None:
    lanes.endpoint.failing = lambda name: "AlgorithmError: bad" if "-00002-" in name else None
    for _ in range(MAX_TRIES):
        lanes.driver().advance()
        lanes.endpoint.work()
    with pytest.raises(JobFailed, match=f"shard 2 failed {MAX_TRIES} times.*AlgorithmError: bad"):
        lanes.driver().advance()

    lanes.endpoint.failing = lambda name: None
    lanes.driver().advance()
    lanes.endpoint.work()

    assert lanes.driver().advance().is_done
    assert len(lanes.endpoint.sent) == 2 + MAX_TRIES + 1


def test_a_request_without_any_end_is_lost_after_its_time(lanes: Lanes) -> None:
    lanes.driver().advance()
    lanes.endpoint.work(2)
    lanes.endpoint.queue.clear()
    lanes.later(lanes.endpoint.longest_s - 1)
    lanes.driver().advance()
    assert len(lanes.endpoint.sent) == 3

    lanes.later(2)
    lanes.driver().advance()

    assert lanes.endpoint.sent[3:] == [f"{lanes.layout.batch_id}-00002-1"]


def test_a_request_that_an_empty_queue_does_not_hold_is_sent_again(lanes: Lanes) -> None:
    lanes.driver().advance()
    lanes.endpoint.work(2)
    lanes.endpoint.queue.clear()
    lanes.endpoint.idle_from = lanes.at - timedelta(seconds=1)  # before it was sent: says nothing
    lanes.later(LOST_AFTER_S)
    lanes.driver().advance()
    assert len(lanes.endpoint.sent) == 3

    lanes.endpoint.idle_from = lanes.at
    lanes.driver().advance()

    assert lanes.endpoint.sent[3:] == [f"{lanes.layout.batch_id}-00002-1"]


def test_an_endpoint_that_is_being_made_is_waited_for() -> None:
    lanes = Lanes()
    lanes.endpoint = FakeAsyncEndpoint(lanes.world.objects, polls_until_ready=2)

    messages = [lanes.driver().advance().message for _ in range(2)]

    assert all("is being made" in message for message in messages)
    assert lanes.endpoint.sent == []
    lanes.driver().advance()
    assert lanes.driver().advance().is_done


def test_the_charge_is_the_instances_held_while_waiting_and_around_it(lanes: Lanes) -> None:
    lanes.endpoint.instances = 0
    driver = lanes.driver()
    driver.advance()  # no instance for 60 s
    lanes.later(60)
    lanes.endpoint.instances = 2
    lanes.driver().advance()  # two for 30 s
    lanes.later(30)
    lanes.endpoint.work()
    lanes.driver().advance()
    lanes.later(1000)
    lanes.driver().advance()

    run = lanes.run()
    assert run.instance_count == 2
    assert run.waste_s == {Waste.COLD_START: 20.0, Waste.IDLE: 40.0}
    assert run.billable_s == 60.0 + 20.0 + 40.0
    assert run.ended_at - run.started_at == timedelta(seconds=90)


def test_a_batch_is_charged_its_share_of_a_shared_endpoint() -> None:
    meter = Meter("e", NOW, NOW + timedelta(seconds=100), 1, 1, 1, 100.0)

    run = finished_run(meter, PROFILE, requests=4, retries=1, answered=16)

    assert run.billable_s == 100.0 / 4
    assert run.waste_s == {Waste.RETRY: 25.0 / 4}


def test_a_batch_that_leaves_the_lane_has_its_cost_recorded(lanes: Lanes) -> None:
    lanes.driver().advance()
    lanes.later(90)
    lanes.endpoint.work(1)
    lanes.driver().advance()

    lanes.driver().stop()
    lanes.driver().stop()

    run = lanes.run()
    assert run.billable_s == 90.0 + 10.0 + 20.0
    assert run.waste_s == {Waste.COLD_START: 10.0, Waste.IDLE: 20.0, Waste.RETRY: 60.0}


def test_stopping_before_anything_was_sent_is_harmless(lanes: Lanes) -> None:
    lanes.driver().stop()

    assert BatchRecords(lanes.world.objects, lanes.layout).lane_runs() == ()
