"""What a watch over deadlines wishes of a lane is done by its driver, once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from include.domain.errors import EndpointUnavailable
from include.domain.execution.jobs import JobState
from include.domain.lanes import Lane
from include.domain.money.costs import Capacity
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.async_endpoint.run_async import AsyncDriver
from include.pipeline.lanes.jobs.run_job import JobDriver
from include.pipeline.lanes.spot.jobs import SpotPorts
from include.pipeline.lanes.spot.run_spot import SpotDriver
from include.pipeline.lanes.wish import LaneWish, LaneWishes
from tests.support.batches import NOW, World, documents, profile
from tests.support.fakes.async_endpoint import FakeAsyncEndpoint
from tests.support.fakes.sagemaker import input_names, write_outputs
from tests.support.fakes.spot import FakeSpotService

SHARDS = 8


@pytest.fixture
def world() -> World:
    return World(shard_documents=4)


@pytest.fixture
def layout(world: World) -> BatchLayout:
    return world.routed(documents(SHARDS * 4))


def wish(world: World, layout: BatchLayout, lane: Lane, **wanted: object) -> None:
    LaneWishes(world.objects, layout).save(LaneWish(lane, **wanted))  # type: ignore[arg-type]


def job_driver(world: World, layout: BatchLayout) -> JobDriver:
    return JobDriver(
        layout,
        Lane.TRANSFORM,
        profile=profile(Lane.TRANSFORM),
        objects=world.objects,
        registry=world.registry,
        runner=world.runner,
        now=lambda: NOW,
    )


def files(world: World) -> list[list[str]]:
    """What each job was given, in the order they were launched."""
    jobs = world.runner.jobs
    return [input_names(jobs[name].spec, world.objects) for name in world.runner.launched]


def test_helpers_take_the_end_of_what_is_left_and_the_slow_job_is_stopped(
    world: World, layout: BatchLayout
) -> None:
    world.runner.polls_until_done = 1_000_000
    job_driver(world, layout).advance()
    world.objects.put(layout.output_shard(0), "{}\n")
    world.objects.put(layout.output_shard(1), "{}\n")
    wish(world, layout, Lane.TRANSFORM, instances=3)

    job_driver(world, layout).advance()

    slow, *helpers = files(world)
    assert len(slow) == SHARDS
    assert len(helpers) == 2
    helped = sorted(name for each in helpers for name in each)
    assert helped == [f"0000{index}.jsonl" for index in (4, 5, 6, 7)], "the slow job keeps 2 and 3"
    job_driver(world, layout).advance()
    assert len(world.runner.launched) == 3, "a wish is followed once"

    first, *others = world.runner.launched
    for name in others:
        world.runner.jobs[name].polls_left = 0
    assert not job_driver(world, layout).advance().is_done
    world.objects.put(layout.output_shard(2), "{}\n")
    world.objects.put(layout.output_shard(3), "{}\n")
    progress = job_driver(world, layout).advance()

    assert progress.is_done
    assert world.runner.stopped == [first]
    assert len(BatchRecords(world.objects, layout).lane_runs()) == 3, "each job is charged"


def test_a_wish_for_another_lane_or_for_less_changes_nothing(
    world: World, layout: BatchLayout
) -> None:
    world.runner.polls_until_done = 1_000_000
    wish(world, layout, Lane.PROCESSING, instances=4)
    job_driver(world, layout).advance()
    wish(world, layout, Lane.TRANSFORM, instances=1)
    job_driver(world, layout).advance()

    assert len(world.runner.launched) == 1


def test_a_helper_that_fails_has_its_files_run_again(world: World, layout: BatchLayout) -> None:
    world.runner.polls_until_done = 1_000_000
    job_driver(world, layout).advance()
    wish(world, layout, Lane.TRANSFORM, instances=2)
    job_driver(world, layout).advance()
    helper = world.runner.jobs[world.runner.launched[1]]
    helper.state, helper.ended_at = JobState.FAILED, NOW

    job_driver(world, layout).advance()
    job_driver(world, layout).advance()

    assert files(world)[2] == files(world)[1]
    world.runner.work = write_outputs
    for job in world.runner.jobs.values():
        job.polls_left = 0
    assert job_driver(world, layout).advance().is_done


def test_spot_is_left_though_there_is_time(world: World) -> None:
    layout = world.routed(documents(SHARDS * 4), deadline_s=3_600.0)
    tokens = BatchRecords(world.objects, layout).validation().token_estimate
    service = FakeSpotService(
        world.objects, NOW, lambda second: True, seconds_a_shard=10.0, start_s=5.0
    )
    spot = replace(
        profile(Lane.SPOT, price_usd_per_h=0.3, on_demand_usd_per_h=1.0),
        tokens_per_s=tokens / 80,
        cold_start_s=5.0,
    )

    def look() -> bool:
        driver = SpotDriver(
            layout,
            profile=spot,
            loading_documents_per_s=1e9,
            ports=SpotPorts(world.objects, world.registry, service),
            now=service.now,
        )
        progress = driver.advance()
        service.time_s += progress.look_again_s
        return progress.is_done

    look()
    look()
    wish(world, layout, Lane.SPOT, leaves_spot=True)
    while not look():
        assert service.time_s < 1_000

    capacities = [job.spec.capacity for job in service.jobs.values()]
    assert capacities == [Capacity.SPOT, Capacity.ON_DEMAND]
    prefix = layout.output_prefix
    outputs = [uri for uri in world.objects.objects if uri.startswith(prefix)]
    assert sum(len(world.objects.objects[uri].splitlines()) for uri in outputs) == SHARDS * 4
    assert all(
        json.loads(line)["id"]
        for uri in outputs
        for line in world.objects.objects[uri].splitlines()
    )


def test_an_endpoint_is_grown_once_and_not_shrunk(world: World, layout: BatchLayout) -> None:
    endpoint = FakeAsyncEndpoint(world.objects, answers_at_once=False)

    def look() -> None:
        AsyncDriver(
            layout,
            profile=profile(Lane.ASYNC_ENDPOINT),
            objects=world.objects,
            registry=world.registry,
            endpoint=endpoint,
            now=lambda: NOW,
        ).advance()

    look()
    wish(world, layout, Lane.ASYNC_ENDPOINT, instances=3)
    look()
    assert endpoint.instances == 3
    endpoint.instances = 2
    look()
    assert endpoint.instances == 2, "its scaling took one back"


def test_an_endpoint_that_is_not_there_cannot_be_grown(world: World) -> None:
    with pytest.raises(EndpointUnavailable):
        FakeAsyncEndpoint(world.objects).grow("nobody", 2)
