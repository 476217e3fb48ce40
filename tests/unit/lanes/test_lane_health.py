"""The router leaves an open lane, comes back through one probe, and every change is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.domain.errors import EndpointUnavailable, JobFailed, StoreError
from include.domain.lane_health.breaker_state import BreakerState
from include.domain.lanes import Lane
from include.pipeline.lanes.driver import LaneProgress
from include.pipeline.lanes.watched_driver import WatchedDriver
from tests.support.batches import NOW, World, documents

SMALL = documents(3)


def fail(world: World, lane: Lane, times: int = 3) -> None:
    for number in range(times):
        error = EndpointUnavailable("no answer")
        world.watch.failed(lane, f"batch-{number}", error, started_at=world.time)


def later(world: World, seconds: float) -> None:
    world.time += timedelta(seconds=seconds)


def test_the_router_leaves_an_open_lane_and_says_so() -> None:
    world = World()
    fail(world, Lane.SERVERLESS)
    layout = world.validated(SMALL)

    placement = world.route(layout)

    assert placement.lane is Lane.PROCESSING
    assert "serverless is open: 3 of its last 3 tries failed, last: no answer" in placement.reason


def test_one_batch_probes_and_the_lane_comes_back() -> None:
    world = World()
    fail(world, Lane.SERVERLESS)
    later(world, 61)
    first, second = (world.validated(SMALL, key=key) for key in ("one", "two"))

    probe, other = world.route(first), world.route(second)

    assert probe.lane is Lane.SERVERLESS
    assert probe.reason.endswith("tries the lane after a pause")
    assert other.lane is Lane.PROCESSING
    assert f"serverless is open: batch {first.batch_id} is trying it" in other.reason
    world.watch.succeeded(Lane.SERVERLESS, first.batch_id, "endpoint", started_at=world.time)
    third = world.validated(SMALL, key="three")
    assert world.route(third).lane is Lane.SERVERLESS
    assert "after a pause" not in world.route(third).reason


def test_a_probe_lost_to_another_batch_is_placed_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    fail(world, Lane.SERVERLESS)
    later(world, 61)
    layout = world.validated(SMALL)
    look = type(world.watch).look

    def look_then_lose(self, batch_id):
        view = look(self, batch_id)
        self.admit(Lane.SERVERLESS, "faster", lease_s=0)
        return view

    monkeypatch.setattr(type(world.watch), "look", look_then_lose)

    placement = world.route(layout)

    assert placement.lane is Lane.PROCESSING
    assert "serverless is open: another batch is trying it" in placement.reason


def test_when_every_lane_is_open_the_batch_is_tried_all_the_same() -> None:
    world = World()
    for lane in (Lane.SERVERLESS, Lane.PROCESSING, Lane.TRANSFORM):
        fail(world, lane)
    layout = world.validated(SMALL)

    placement = world.route(layout)

    assert placement.lane is Lane.SERVERLESS
    assert "every lane that takes the batch is open" in placement.reason
    later(world, 5)
    world.watch.succeeded(Lane.SERVERLESS, layout.batch_id, "endpoint", started_at=world.time)
    assert world.watch.breakers()[Lane.SERVERLESS].state is BreakerState.CLOSED


def test_a_placed_batch_moves_when_its_lane_has_opened_and_given_nothing() -> None:
    world = World()
    layout = world.routed(SMALL)
    fail(world, Lane.SERVERLESS)

    assert world.route(layout).lane is Lane.PROCESSING
    assert world.left == [Lane.SERVERLESS]
    assert world.route(layout).lane is Lane.PROCESSING
    assert world.left == [Lane.SERVERLESS]


def test_a_placed_batch_that_has_output_keeps_its_lane() -> None:
    world = World()
    layout = world.routed(SMALL)
    fail(world, Lane.SERVERLESS)
    world.objects.write_text(layout.output_shard(0), "a line\n")

    assert world.route(layout).lane is Lane.SERVERLESS
    assert world.left == []


def test_transitions_are_published_at_least_once() -> None:
    world = World()
    world.alerts.is_down = True
    fail(world, Lane.TRANSFORM)
    assert world.alerts.sent == []

    world.alerts.is_down = False
    assert world.watch.publish() == 1
    assert world.watch.publish() == 0

    (event,) = world.alerts.sent
    assert (event.lane, event.transition.to_state) == (Lane.TRANSFORM, BreakerState.OPEN)
    assert event.transition.failure_rate == 1.0
    assert "no answer" in event.transition.reason


class Scripted:
    """A driver that says and raises what it is told to."""

    def __init__(self, *steps: LaneProgress | Exception) -> None:
        self._steps = list(steps)
        self.is_stopped = False

    def advance(self) -> LaneProgress:
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def stop(self) -> None:
        self.is_stopped = True


def watched(world: World, *steps: LaneProgress | Exception) -> WatchedDriver:
    return WatchedDriver(
        Scripted(*steps),
        world.watch,
        lane=Lane.TRANSFORM,
        batch_id="b-1",
        started_at=lambda: NOW,
    )


def test_a_drivers_ends_are_reported_once() -> None:
    world = World()
    going = LaneProgress(False, "job", "runs", 1.0)
    done = LaneProgress(True, "job", "is done", 1.0)
    driver = watched(world, going, done, done, JobFailed("InternalServerError"))

    for _ in range(3):
        driver.advance()
    with pytest.raises(JobFailed):
        driver.advance()

    verdicts = [outcome.verdict.value for _, outcome in world.lane_health.outcomes.values()]
    assert verdicts == ["success", "failure"]


def test_a_store_that_is_away_does_not_hide_the_lanes_error() -> None:
    world = World()

    def away(*_: object, **__: object) -> None:
        raise StoreError("aurora is away")

    world.lane_health.change = away  # type: ignore[method-assign]
    with pytest.raises(JobFailed, match="gone"):
        watched(world, JobFailed("the job is gone")).advance()


def test_a_person_opens_and_resets_a_lane() -> None:
    world = World()
    world.watch.open(Lane.SERVERLESS, "by hand: maintenance")
    assert world.watch.look("b").refused[Lane.SERVERLESS].startswith("by hand: maintenance")
    world.watch.reset(Lane.SERVERLESS, "by hand: done")
    assert world.watch.look("b").refused == {}
    assert [event.transition.to_state.value for event in world.alerts.sent] == ["open", "closed"]
