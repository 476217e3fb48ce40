"""The driver of the job lanes over fakes: adopt, share out, re-run what is missing, isolate."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.batches.manifests import Shard
from include.domain.errors import JobFailed
from include.domain.execution.jobs import JobState
from include.domain.execution.packing import deal_out
from include.domain.execution.transform_sizing import transform_sizing
from include.domain.lanes import Lane
from include.domain.money.costs import Waste
from include.pipeline.batch.validate_batch import split
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.jobs.run_job import MAX_FRUITLESS, MAX_JOBS, JobDriver
from tests.support.batches import NOW, World, documents, profile
from tests.support.fakes import answer_lines, classify, input_names, write_outputs

LANES = [Lane.PROCESSING, Lane.TRANSFORM]


def drive(world, layout, lane=Lane.PROCESSING, now=lambda: NOW):
    return JobDriver(
        layout,
        lane,
        profile=profile(lane),
        objects=world.objects,
        registry=world.registry,
        runner=world.runner,
        now=now,
    )


def run_to_end(world, layout, lane=Lane.PROCESSING, looks=200):
    """Look with a fresh driver each time, as after a crash at every step."""
    for _ in range(looks):
        if drive(world, layout, lane).advance().is_done:
            return
    raise AssertionError("never done")


def spread(world, layout, instances):
    """Place the batch on several instances."""
    records = BatchRecords(world.objects, layout)
    placement = records.placement()
    values = {name: getattr(placement, name) for name in placement.__slots__}
    records.save_placement(type(placement)(**{**values, "instance_count": instances}))


def outputs(world, layout):
    prefix = layout.output_prefix
    return {
        uri.removeprefix(prefix): [json.loads(line) for line in content.splitlines()]
        for uri, content in world.objects.objects.items()
        if uri.startswith(prefix)
    }


def answered(world, layout):
    return [each for _, lines in sorted(outputs(world, layout).items()) for each in lines]


def inputs_of(world, name):
    return input_names(world.runner.jobs[name].spec, world.objects)


def dying(*texts):
    """A job whose container dies at such a document; processing in order, as ours does."""

    def work(spec, objects):
        for name in input_names(spec, objects):
            body = objects.objects[spec.input_prefix + name]
            if any(f'"{text}"'.encode() in body for text in texts):
                raise JobFailed("AlgorithmError: killed by signal 9")
            objects.put(f"{spec.output_prefix}{name}.out", answer_lines(body, classify))

    return work


@given(st.lists(st.integers(0, 500), max_size=40), st.integers(1, 8))
def test_shards_are_dealt_out_once_and_evenly(tokens, instances):
    shards = [Shard(i, f"s3://w/{i}", 1, count) for i, count in enumerate(tokens)]
    shares = deal_out(shards, instances)
    assert sorted(s.index for share in shares for s in share) == list(range(len(tokens)))
    assert len(shares) == min(instances, len(tokens))
    loads = [sum(s.token_estimate for s in share) for share in shares]
    if loads:
        assert max(loads) <= sum(tokens) / len(loads) + max(tokens)


def test_each_instance_has_a_job_over_its_own_shards():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    spread(world, layout, 3)
    run_to_end(world, layout)
    files = [inputs_of(world, name) for name in world.runner.launched]
    assert len(files) == 3
    assert sorted(name for each in files for name in each) == [f"0000{i}.jsonl" for i in range(5)]
    assert max(len(each) for each in files) == 2
    assert [each["id"] for each in answered(world, layout)] == [f"d{i}" for i in range(20)]
    assert len(BatchRecords(world.objects, layout).lane_runs()) == 3


def test_a_retry_adopts_the_running_job_and_the_completed_one():
    world = World()
    layout = world.routed(documents(20))
    run_to_end(world, layout)
    run_to_end(world, layout)
    assert world.runner.launched == [f"twolane-processing-{layout.batch_id}"]


@pytest.mark.parametrize("lane", LANES)
def test_what_a_lost_instance_leaves_undone_is_run_again_and_nothing_else(lane):
    world = World(shard_documents=4)
    layout = world.routed(documents(32))
    spread(world, layout, 2)
    lost = []

    def work(spec, objects):
        names = input_names(spec, objects)
        if "00000.jsonl" in names and not lost:
            lost.append(names)
            first = objects.objects[spec.input_prefix + names[0]]
            objects.put(f"{spec.output_prefix}{names[0]}.out", answer_lines(first, classify))
            raise JobFailed("InternalServerError: the instance was lost")
        write_outputs(spec, objects)

    world.runner.work = work
    run_to_end(world, layout, lane)
    assert inputs_of(world, world.runner.launched[2]) == lost[0][1:]
    assert len(world.runner.launched) == 3
    assert all(world.objects.writes[layout.output_shard(i)] == 1 for i in range(8))
    assert [each["id"] for each in answered(world, layout)] == [f"d{i}" for i in range(32)]
    runs = BatchRecords(world.objects, layout).lane_runs()
    assert [run.resource_id for run in runs] == world.runner.launched


def test_an_output_that_was_lost_is_made_again_alone():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    dropped = []

    def work(spec, objects):
        write_outputs(spec, objects)
        if not dropped:
            dropped.append(objects.objects.pop(layout.output_shard(3)))

    world.runner.work = work
    run_to_end(world, layout, Lane.TRANSFORM)
    assert inputs_of(world, world.runner.launched[1]) == ["00003.jsonl"]


def test_an_output_that_goes_missing_later_is_made_again_by_the_next_task():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    run_to_end(world, layout)
    del world.objects.objects[layout.output_shard(2)]
    run_to_end(world, layout)
    assert inputs_of(world, world.runner.launched[-1]) == ["00002.jsonl"]
    assert len(answered(world, layout)) == 20


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("count", [1, 20, 95])
def test_a_record_that_kills_the_container_is_set_aside_with_its_reason(lane, count):
    world = World(shard_documents=30)
    layout = world.routed(documents(count) + b'{"id": "poison", "text": "die"}\n')
    world.runner.work = dying("die")
    run_to_end(world, layout, lane)
    found = answered(world, layout)
    assert [each["id"] for each in found] == [*(f"d{i}" for i in range(count)), "poison"]
    assert [each["id"] for each in found if "error" in each] == ["poison"]
    assert "killed by signal 9" in found[-1]["error"]["message"]
    singles = [job.spec.sizing for job in world.runner.jobs.values() if job.spec.sizing]
    assert any(sizing.is_single_record for sizing in singles) == (lane is Lane.TRANSFORM)


def test_two_poison_records_of_one_batch_are_both_found():
    world = World(shard_documents=10)
    content = documents(25) + b'{"id": "p1", "text": "die"}\n' + documents(9, prefix="e")
    layout = world.routed(b'{"id": "p0", "text": "die"}\n' + content)
    world.runner.work = dying("die")
    run_to_end(world, layout)
    found = answered(world, layout)
    assert len(found) == 36
    assert [each["id"] for each in found if "error" in each] == ["p0", "p1"]


def test_a_batch_of_bad_records_is_given_up_before_each_has_had_its_job():
    world = World(shard_documents=400)
    bad = [f'{{"id": "p{i}", "text": "{"die" if i % 2 else "live"}"}}' for i in range(400)]
    layout = world.routed("\n".join(bad).encode())
    world.runner.work = dying("die")
    with pytest.raises(JobFailed, match="killed by signal 9"):
        run_to_end(world, layout, looks=1000)
    assert len(world.runner.jobs) <= MAX_JOBS + 2


def test_a_model_that_never_works_is_given_up_and_a_new_task_begins_anew():
    world = World()
    layout = world.routed(documents(20))

    def fail(spec, objects):
        raise JobFailed("AlgorithmError: exit code 1")

    world.runner.work = fail
    with pytest.raises(JobFailed, match="AlgorithmError: exit code 1"):
        run_to_end(world, layout)
    assert len(world.runner.jobs) <= MAX_FRUITLESS + 3
    assert not outputs(world, layout)
    runs = BatchRecords(world.objects, layout).lane_runs()
    assert {run.resource_id for run in runs} == set(world.runner.jobs)
    world.runner.work = write_outputs
    run_to_end(world, layout)
    assert len(answered(world, layout)) == 20


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.STOPPED, JobState.STOPPING])
def test_a_job_that_failed_or_was_stopped_is_followed_by_the_next_number(state):
    world = World()
    layout = world.routed(documents(20))
    drive(world, layout).advance()
    (first,) = world.runner.launched
    world.runner.jobs[first].state = state
    run_to_end(world, layout)
    assert world.runner.launched == [first, f"{first}-r1"]


def test_a_job_past_its_time_is_stopped_and_charged():
    world = World()
    layout = world.routed(documents(20))
    world.runner.clock = lambda: NOW
    world.runner.polls_until_done = 1_000_000
    assert not drive(world, layout).advance().is_done
    late = drive(world, layout, now=lambda: NOW + timedelta(seconds=901))
    with pytest.raises(JobFailed, match="overran its time"):
        late.advance()
    assert world.runner.stopped == world.runner.launched
    (run,) = BatchRecords(world.objects, layout).lane_runs()
    assert run.billable_s == 901
    assert run.waste_s[Waste.RETRY] == 900


def test_a_batch_over_its_money_is_stopped():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    spread(world, layout, 2)
    world.runner.clock = lambda: NOW
    world.runner.polls_until_done = 1_000_000
    drive(world, layout).advance()
    spread(world, layout, 1)
    soon = drive(world, layout, now=lambda: NOW + timedelta(seconds=500))
    with pytest.raises(JobFailed, match=r"overran the batch's money: \$0\.2778 of \$0\.2500"):
        soon.advance()
    assert world.runner.stopped == world.runner.launched


def test_a_driver_stops_what_another_process_has_launched():
    world = World()
    layout = world.routed(documents(20))
    world.runner.polls_until_done = 1_000_000
    drive(world, layout).advance()
    assert not drive(world, layout).stop(), "it is asked to stop, and has not ended"
    assert world.runner.stopped == world.runner.launched
    assert drive(world, layout).stop()
    (run,) = BatchRecords(world.objects, layout).lane_runs()
    assert run.ended_at == world.runner.jobs[run.resource_id].ended_at
    assert drive(world, layout, Lane.TRANSFORM).stop(), "nothing ever ran there"


def test_a_failed_attempt_is_charged_as_waste_beside_the_one_that_succeeded():
    world = World(shard_documents=4)
    layout = world.routed(documents(20))
    ticks = iter(range(0, 10_000, 10))
    world.runner.clock = lambda: NOW + timedelta(seconds=next(ticks))
    failed = []

    def work(spec, objects):
        if not failed:
            failed.append(spec.name)
            raise JobFailed("InternalServerError")
        write_outputs(spec, objects)

    world.runner.work = work
    run_to_end(world, layout)
    first, second = BatchRecords(world.objects, layout).lane_runs()
    assert first.waste_s == {Waste.COLD_START: 1.0, Waste.RETRY: 9.0}
    assert second.waste_s == {Waste.COLD_START: 1.0}


@pytest.mark.parametrize(
    ("shard_mb", "record_bytes", "instance", "expected"),
    [
        ([1, 1], 500, "ml.c5.xlarge", (1, 2)),
        ([8], 500, "ml.c5.xlarge", (2, 2)),
        ([30, 10], 500, "ml.g4dn.xlarge", (4, 4)),
        ([600], 500, "ml.g4dn.2xlarge", (6, 8)),
        ([600], 500, "ml.g4dn.16xlarge", (1, 64)),
        ([40], 30 * 2**20, "ml.g4dn.2xlarge", (30, 3)),
        ([1], 99 * 2**20, "ml.c5.large", (99, 1)),
    ],
)
def test_transform_sizes_follow_the_data_and_the_instance(
    shard_mb, record_bytes, instance, expected
):
    sizing = transform_sizing(
        shard_bytes=[mb * 2**20 for mb in shard_mb],
        largest_record_bytes=record_bytes,
        instance_type=instance,
    )
    assert (sizing.max_payload_mb, sizing.max_concurrent) == expected
    assert sizing.max_payload_mb * sizing.max_concurrent <= 100
    assert sizing.max_payload_mb * 2**20 >= record_bytes


def test_a_record_that_fits_no_payload_is_no_job():
    with pytest.raises(ValueError, match="fits into no payload"):
        transform_sizing(
            shard_bytes=[1], largest_record_bytes=101 * 2**20, instance_type="ml.c5.large"
        )


@pytest.mark.parametrize(("characters", "is_kept"), [(650_000, True), (670_000, False)])
def test_a_record_no_lane_takes_goes_to_quarantine(characters, is_kept):
    from include.domain.batches.documents import RawDocument
    from include.pipeline.ports.quality import ShardVerdict

    rows = [RawDocument(0, "a", "é" * characters), RawDocument(1, "b", "short")]
    kept, quarantined = split(rows, ShardVerdict((), ()))
    assert [each.id for each in kept] == (["a", "b"] if is_kept else ["b"])
    assert [each.reason.value for each in quarantined] == ([] if is_kept else ["too_long"])
