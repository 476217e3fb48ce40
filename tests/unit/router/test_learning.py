"""A batch that ended is an observation, the curve follows, and the next placement knows."""

from __future__ import annotations

from datetime import timedelta

from include.domain.curves.observation import CurveKey, Load
from include.domain.lanes import Lane
from include.domain.money.costs import Capacity, Waste
from include.domain.placement.placement_table import placement_table
from include.pipeline.batch.route_batch import route_batch
from include.pipeline.batch_objects.records import BatchRecords, LaneRun
from include.pipeline.curves.learn_curves import known_of, learn_curves
from include.pipeline.curves.observe_batch import observe_batch
from include.pipeline.curves.ports import Exploration
from tests.support.batches import NOW, PROFILES, World, documents
from tests.support.fakes.curves import FakeCurveBook

MIDDLE = documents(50)


def run(seconds: float, **changes: object) -> LaneRun:
    values: dict[str, object] = {
        "resource_id": "job",
        "instance_type": "ml.processing",
        "instance_count": 1,
        "started_at": NOW,
        "ended_at": NOW + timedelta(seconds=seconds),
    }
    return LaneRun(**(values | changes))  # type: ignore[arg-type]


def ended(world: World, key: str, *runs: LaneRun, is_failed: bool = False):
    layout = world.routed(MIDDLE, key=key)
    for each in runs:
        BatchRecords(world.objects, layout).save_lane_run(each)
    return layout, observe_batch(layout, is_failed=is_failed, objects=world.objects)


def test_latency_counts_the_wait_and_billed_what_is_billed() -> None:
    world = World()
    layout, (seen,) = ended(world, "one", run(100, billable_s=80.0, waited_s=30.0))
    validation = BatchRecords(world.objects, layout).validation()
    assert seen.key == CurveKey(Lane.PROCESSING, "ml.processing", "news-topic")
    assert seen.load == Load(validation.token_estimate, 50, 1, 1)
    assert (seen.latency_s, seen.billed_s, seen.is_failed) == (130.0, 80.0, False)


def test_a_lane_that_was_left_or_did_work_again_has_failed() -> None:
    world = World()
    _, observations = ended(
        world,
        "one",
        run(10, resource_id="left", lane=Lane.TRANSFORM, instance_type="ml.transform"),
        run(20, waste_s={Waste.RETRY: 3.0}),
    )
    assert [(o.key.lane, o.is_failed) for o in observations] == [
        (Lane.TRANSFORM, True),
        (Lane.PROCESSING, True),
    ]
    _, (again,) = ended(world, "two", run(20, waste_s={Waste.RETRY: 1.0}))
    assert not again.is_failed


def test_a_batch_that_failed_behind_its_lane_is_no_failure_of_the_lane() -> None:
    world = World()
    layout, (failed,) = ended(world, "one", run(20), is_failed=True)
    assert failed.is_failed
    for shard in BatchRecords(world.objects, layout).validation().shards:
        world.objects.put(layout.output_shard(shard.index), b"answers")
    (loaded,) = observe_batch(layout, is_failed=True, objects=world.objects)
    assert not loaded.is_failed


def test_interruptions_and_time_on_spot_are_counted() -> None:
    world = World()
    _, (seen,) = ended(
        world,
        "one",
        run(10, capacity=Capacity.SPOT, billable_s=3.0, waste_s={Waste.INTERRUPTED: 1.0}),
        run(20, resource_id="next", billable_s=20.0),
    )
    assert (seen.interruptions, seen.held_s, seen.billed_s) == (1, 10.0, 23.0)


def test_a_batch_that_no_lane_worked_for_shows_nothing() -> None:
    world = World()
    layout = world.layout(world.pull(MIDDLE))
    assert observe_batch(layout, is_failed=True, objects=world.objects) == []


def test_the_next_placement_knows_what_batches_took_and_logs_what_it_refused() -> None:
    world, book = World(), FakeCurveBook()
    for number in range(30):
        layout, observations = ended(world, f"run-{number}", run(60 + number % 3))
        for _ in range(2):
            learn_curves(observations, profiles=PROFILES, book=book)
    assert len(book.observations) == 30

    def known(model_name: str):
        return known_of(model_name, profiles=PROFILES, exploration_share=0.02, now=NOW, book=book)

    layout = world.validated(MIDDLE, key="next")
    placement = route_batch(
        layout,
        now=NOW,
        profiles=PROFILES,
        loading_documents_per_s=1000,
        objects=world.objects,
        read_store=world.read_store,
        watch=world.watch,
        leave=world.left.append,
        known=known,
    )

    assert placement.lane is Lane.TRANSFORM
    refused = {each.lane: each for each in placement.alternatives}[Lane.PROCESSING]
    assert refused.observations == 30
    assert 55 < refused.latency_s < 67
    assert "processing costs" in placement.reason
    table = placement_table(placement)
    assert table.splitlines()[2].startswith("| transform |")
    assert "| 30 | costs" in table
    assert world.read_store.batches[layout.batch_id].placement == placement


def test_the_budget_to_explore_is_a_share_of_what_placements_cost() -> None:
    book = FakeCurveBook()
    book.spent = Exploration(100.0, 0.5)

    def explore_usd(share: float) -> float:
        return known_of(
            "m", profiles=PROFILES, exploration_share=share, now=NOW, book=book
        ).explore_usd

    assert (explore_usd(0.0), explore_usd(0.02)) == (0.0, 1.5)
