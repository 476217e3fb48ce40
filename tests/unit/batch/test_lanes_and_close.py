import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.errors import (
    EndpointUnavailable,
    OutputIncomplete,
    StoreError,
)
from include.domain.lanes import Lane
from include.domain.money.costs import Waste
from include.pipeline.batch.book_charges import book_charges
from include.pipeline.batch.close_batch import ClosePorts, close_batch, fail_batch
from include.pipeline.batch.collect_batch import CollectPorts, collect_batch
from include.pipeline.batch.load_batch import AheadLoader, Target, load_batch
from include.pipeline.batch_objects.records import BatchRecords, LaneRun
from include.pipeline.lanes.jobs.run_job import JobDriver
from include.pipeline.lanes.serverless.run_serverless import (
    cut_bodies,
)
from tests.support.batches import NOW, PROFILES, World, documents
from tests.support.fakes import classify, write_outputs


def driver(world, layout, lane=Lane.PROCESSING, now=lambda: NOW):
    return JobDriver(
        layout,
        lane,
        profile=next(p for p in PROFILES if p.lane is lane),
        objects=world.objects,
        registry=world.registry,
        runner=world.runner,
        now=now,
    )


def run_to_end(world, layout, lane=Lane.PROCESSING):
    drive = driver(world, layout, lane)
    while not drive.advance().is_done:
        pass


def ports(world):
    return CollectPorts(world.objects, world.registry, world.gate, world.read_store)


def collect(world, layout):
    return collect_batch(layout, ports=ports(world))


def targets(world):
    return (
        Target("dynamodb", world.write_store.put),
        Target("aurora", world.read_store.load_predictions),
    )


def load(world, layout):
    for target in targets(world):
        load_batch(layout, target, objects=world.objects)


def close(world, layout, loaded_at=NOW):
    return close_batch(
        layout,
        loaded_at=loaded_at,
        profiles=PROFILES,
        is_emulated=True,
        ports=ClosePorts(
            world.objects, world.gate, world.read_store, world.write_store, world.book
        ),
    )


@given(
    st.lists(st.binary(min_size=1, max_size=30).map(lambda b: b.replace(b"\n", b"") + b"\n")),
    st.integers(1, 5),
    st.integers(1, 60),
)
def test_bodies_hold_every_line_in_order_within_both_limits(lines, max_documents, max_bytes):
    limits = itertools.cycle([30, 7, 100])
    asked = [next(limits)]
    bodies = list(
        cut_bodies(
            lines,
            max_documents=max_documents,
            max_bytes=max_bytes,
            max_tokens=lambda: asked.append(next(limits)) or asked[-2],
            tokens_of=len,
        )
    )
    assert [line for body in bodies for line in body] == lines
    for body, limit in zip(bodies, asked, strict=False):
        size = sum(map(len, body))
        assert len(body) <= max_documents
        assert (size <= max_bytes and size <= limit) or len(body) == 1


def test_serverless_writes_an_answer_a_document_and_resumes_where_it_stopped():
    world = World(shard_documents=4)
    layout = world.routed(documents(10))
    world.endpoint.fail_after = 2
    with pytest.raises(EndpointUnavailable):
        world.serve(layout)
    done = len(world.endpoint.invocations)
    world.endpoint.fail_after = None
    world.serve(layout)
    resent = b"".join(world.endpoint.invocations[done:])
    assert b'"d0"' not in resent
    assert collect(world, layout).prediction_count == 10


def test_an_attempt_that_fails_is_charged_and_the_next_one_added_to_it():
    world = World(shard_documents=4)
    layout = world.routed(documents(10))
    world.endpoint.fail_after = 4
    with pytest.raises(EndpointUnavailable):
        world.serve(layout, tick_s=10)
    records = BatchRecords(world.objects, layout)
    (failed,) = records.lane_runs()
    assert failed.billed_s > 0
    assert failed.waste_s[Waste.RETRY] < failed.billed_s, "shards that are answered stay so"
    world.endpoint.fail_after = None
    world.serve(layout, tick_s=10)
    (both,) = records.lane_runs()
    assert both.started_at == failed.started_at
    assert both.billed_s > failed.billed_s
    assert both.waste_s == failed.waste_s
    assert world.serve(layout, tick_s=10) == both, "nothing was left to do"


def test_an_endpoint_that_answers_no_call_costs_nothing():
    world = World()
    layout = world.routed(documents(3))
    world.endpoint.fail_after = 0
    with pytest.raises(EndpointUnavailable):
        world.serve(layout)
    assert BatchRecords(world.objects, layout).lane_runs() == ()


def test_a_short_answer_is_refused_and_charged():
    world = World()
    layout = world.routed(documents(3))
    world.endpoint.invoke = lambda name, body: b'{"id": "d0", "label": "World", "score": 1}\n'
    with pytest.raises(OutputIncomplete, match="sent 3 documents, got 1"):
        world.serve(layout, tick_s=10)
    (run,) = BatchRecords(world.objects, layout).lane_runs()
    assert run.waste_s == {Waste.RETRY: run.billed_s}
    assert run.billed_s > 0


@pytest.mark.parametrize("lane", [Lane.PROCESSING, Lane.TRANSFORM])
def test_a_batch_ends_with_each_document_once_in_both_stores_or_in_quarantine(lane):
    world = World(shard_documents=3)
    content = documents(20) + b"nonsense\n" + b'{"id": "d1", "text": "twice"}\n'
    layout = world.routed(content)
    world.runner.work = _refusing("d7")
    run_to_end(world, layout, lane)
    collection = collect(world, layout)
    assert (collection.prediction_count, collection.refused_count) == (19, 1)
    load(world, layout)
    load(world, layout)
    closure = close(world, layout)
    close(world, layout)
    (batch,) = world.read_store.batches.values()
    assert len(world.write_store.items) == len(batch.predictions) == 19
    reasons = sorted(q.reason.value for q in batch.quarantined.values())
    assert reasons == ["duplicate_id", "model_error", "not_json"]
    assert batch.state == "succeeded"
    assert closure.deadline_met
    assert len(world.read_store.charges) == 1
    assert layout.quality_report in world.objects.objects


def test_done_shards_are_loaded_ahead_once_and_the_rest_behind_the_lane():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    ahead = AheadLoader(layout, targets(world), ports(world))
    assert ahead.step() == 0
    run_to_end(world, layout)
    late = {index: world.objects.objects.pop(layout.output_shard(index)) for index in (1, 3)}
    assert ahead.step() == 3
    assert ahead.step() == 0
    assert len(world.write_store.items) == 12
    for index, content in late.items():
        world.objects.put(layout.output_shard(index), content)
    before = dict(world.objects.writes)
    assert collect(world, layout).prediction_count == 20
    load(world, layout)
    changed = {uri for uri, n in world.objects.writes.items() if before.get(uri) != n}
    assert {uri.rsplit("/", 1)[1].split(".")[0] for uri in changed} == {"00001", "00003"}
    close(world, layout)


def test_a_shard_that_is_not_what_it_must_be_is_not_loaded_ahead():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    run_to_end(world, layout)
    world.objects.put(layout.output_shard(0), b"garbage\n")
    with pytest.raises(OutputIncomplete):
        AheadLoader(layout, targets(world), ports(world)).step()
    assert not world.write_store.items


def test_a_store_that_fails_half_way_is_loaded_again():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    run_to_end(world, layout)
    collect(world, layout)
    world.write_store.fail_after = 2
    with pytest.raises(StoreError):
        load(world, layout)
    world.write_store.fail_after = None
    load(world, layout)
    assert close(world, layout).state == "succeeded"


def test_a_late_load_misses_the_deadline():
    world = World()
    layout = world.routed(documents(2))
    world.serve(layout)
    collect(world, layout)
    load(world, layout)
    assert not close(world, layout, loaded_at=NOW + timedelta(seconds=601)).deadline_met


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda lines: None, r"no output for shard\(s\) \[1\]"),
        (lambda lines: lines[:-1], "has 3 lines for 4 documents"),
        (lambda lines: [*lines, lines[0]], "is for document"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "is for document 'd5', not 'd4'"),
        (lambda lines: [b"garbage\n", *lines[1:]], "not a prediction line"),
        (
            lambda lines: [b'{"id": "d4", "label": "Gossip", "score": 1}\n', *lines[1:]],
            "break an expectation",
        ),
    ],
)
def test_the_counted_output_is_believed_not_the_status(spoil, message):
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    run_to_end(world, layout)
    uri = layout.output_shard(1)
    spoilt = spoil(world.objects.objects[uri].splitlines(keepends=True))
    if spoilt is None:
        del world.objects.objects[uri]
    else:
        world.objects.put(uri, b"".join(spoilt))
    with pytest.raises(OutputIncomplete, match=message):
        collect(world, layout)
    (batch,) = world.read_store.batches.values()
    assert not batch.predictions
    assert not world.write_store.items


def test_blank_lines_between_two_answers_are_no_answers():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    run_to_end(world, layout)
    uri = layout.output_shard(1)
    lines = world.objects.objects[uri].splitlines(keepends=True)
    world.objects.put(uri, b"\n".join(lines))
    assert collect(world, layout).prediction_count == 20
    load(world, layout)
    assert len(world.write_store.items) == 20


def test_a_failed_batch_keeps_its_message_and_is_charged_for_what_it_did():
    world = World()
    layout = world.routed(documents(20))
    manifest = BatchRecords(world.objects, layout).manifest()
    run_to_end(world, layout)
    fail_batch(
        layout,
        "collect: why",
        now=NOW,
        profiles=PROFILES,
        is_emulated=True,
        objects=world.objects,
        read_store=world.read_store,
    )
    batch = world.read_store.batches[manifest.batch_id]
    assert (batch.state, batch.closure.message) == ("failed", "collect: why")
    (charge,) = world.read_store.charges.values()
    assert (charge.lane, charge.resource_id) == (Lane.PROCESSING, world.runner.launched[0])


def test_work_on_a_lane_that_was_left_is_charged_at_that_lanes_price():
    world = World()
    layout = world.routed(documents(20))
    records = BatchRecords(world.objects, layout)
    hour = timedelta(hours=1)
    records.save_lane_run(LaneRun("left", "ml.processing", 1, NOW, NOW + hour))
    records.save_placement(replace(records.placement(), lane=Lane.TRANSFORM))
    records.save_lane_run(LaneRun("taken", "ml.transform", 1, NOW, NOW + hour))
    book_charges(
        layout,
        profiles=PROFILES,
        is_emulated=False,
        objects=world.objects,
        read_store=world.read_store,
    )
    costs = {charge.resource_id: charge.list_cost for charge in world.read_store.charges.values()}
    assert costs == pytest.approx({"left": 0.5, "taken": 1.0})


def _refusing(document_id):
    def answer(record):
        if record["id"] == document_id:
            return {"id": document_id, "error": {"code": "odd", "message": "no thanks"}}
        return classify(record)

    return lambda spec, objects: write_outputs(spec, objects, answer)
