"""The spot lane on the embedded AWS, with the product's container: interrupted, and in time."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.domain.lanes import Lane
from include.domain.money.costs import Capacity, Waste
from include.pipeline.lanes.spot.run_spot import LATE_LOOK_S, WORST_CHANGEOVER
from tests.support.faults import injected
from tests.support.local_aws import LocalAws
from tests.support.placed_batch import PlacedBatch

COUNTS = (6_000,) * 5
TOTAL = sum(COUNTS)


def interruption(**options: Any) -> dict[str, Any]:
    return {"kind": "interrupt", "resource": "twolane-spot-*", **options}


def shard_events(cloud: LocalAws, batch: PlacedBatch) -> list[str]:
    """Events of the batch's containers, by shard, once the last run has told of every output.

    Log lines reach CloudWatch a moment after the job has ended, a busy one many moments.
    """
    deadline = time.monotonic() + 120
    while True:
        runs = _events_by_run(cloud, batch)
        if runs and _answered_shards(runs[-1]) == set(batch.shard_names()):
            return [f"{each['event']} {each['shard']}" for run in runs for each in run]
        assert time.monotonic() < deadline, f"the logs tell of {runs}"
        time.sleep(0.2)


def _answered_shards(run: list[dict[str, Any]]) -> set[str]:
    return {each["shard"] for each in run if each["event"] in ("shard_done", "shard_skipped")}


def _events_by_run(cloud: LocalAws, batch: PlacedBatch) -> list[list[dict[str, Any]]]:
    logs = cloud.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    streams = logs.describe_log_streams(
        logGroupName=group, logStreamNamePrefix=f"twolane-spot-{batch.layout.batch_id}"
    )["logStreams"]
    runs = []
    for stream in sorted(streams, key=lambda each: each.get("firstEventTimestamp", 0)):
        events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])
        lines = [event["message"] for event in events["events"]]
        runs.append([json.loads(line) for line in lines if line.startswith('{"event": "shard_')])
    return runs


def check_answers(batch: PlacedBatch) -> None:
    assert [each["id"] for each in batch.answered()] == batch.expected_ids()
    assert batch.outputs() == [f"0000{n}.jsonl.out" for n in range(len(COUNTS))]


def test_spot_alone(cloud: LocalAws, tmp_path: Path) -> None:
    batch = PlacedBatch(cloud, Lane.SPOT, COUNTS, tmp_path)

    (run,) = batch.run()

    check_answers(batch)
    assert run.capacity is Capacity.SPOT
    held_s = (run.ended_at - run.started_at).total_seconds()
    assert run.billable_s is not None
    assert 0 < run.billable_s <= 0.3 * held_s + 1


@pytest.mark.parametrize(("records", "notice_s"), [(1, 0.0), (TOTAL // 2, 5.0), (TOTAL - 1, 0.0)])
def test_an_interruption_costs_the_shard_in_flight(
    cloud: LocalAws, tmp_path: Path, records: int, notice_s: float
) -> None:
    batch = PlacedBatch(cloud, Lane.SPOT, COUNTS, tmp_path)
    cut = interruption(at_record=records, notice_s=notice_s, capacity_after_s=0.3)

    with injected(cloud.sagemaker_url, cut) as faults:
        run, *_ = batch.run()
        hits = faults.hits("interrupt")

    assert len(hits) == 1
    check_answers(batch)
    done = [e for e in shard_events(cloud, batch) if e.startswith("shard_done")]
    assert len(done) <= len(COUNTS) + 1, "one shard is done again at the most"
    assert run.capacity is Capacity.SPOT
    assert set(run.waste_s) <= {Waste.COLD_START, Waste.INTERRUPTED}


class LeapingClock:
    """The time of day, `ahead` of itself: what a test need not wait for is leapt over."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def leap_to(self, moment: datetime) -> None:
        self.ahead = moment - datetime.now(UTC)


def test_capacity_that_does_not_come_back_ends_on_demand_in_time(
    cloud: LocalAws, tmp_path: Path
) -> None:
    clock = LeapingClock()
    batch = PlacedBatch(
        cloud, Lane.SPOT, COUNTS, tmp_path, deadline_s=900.0, cold_start_s=60.0, now=clock
    )
    deadline_at = batch.records.manifest().deadline_at
    cut = interruption(at_record=TOTAL // 2, notice_s=1, capacity_after_s=3600)

    with injected(cloud.sagemaker_url, cut):
        waiting = batch.drive_until(lambda progress: "spot is worth the wait" in progress.message)
        clock.leap_to(deadline_at - timedelta(seconds=WORST_CHANGEOVER * 60 + LATE_LOOK_S))
        spot, on_demand = batch.run()

    assert waiting.resource == f"twolane-spot-{batch.layout.batch_id}", "spot is still asked for"
    check_answers(batch)
    assert (spot.capacity, on_demand.capacity) == (Capacity.SPOT, Capacity.ON_DEMAND)
    assert on_demand.ended_at + clock.ahead <= deadline_at
    events = shard_events(cloud, batch)
    assert sum(e.startswith("shard_skipped") for e in events) >= 1
    done = [e for e in events if e.startswith("shard_done")]
    assert len(done) <= len(COUNTS) + 1


def test_stop_ends_what_runs(cloud: LocalAws, tmp_path: Path) -> None:
    batch = PlacedBatch(cloud, Lane.SPOT, (400_000,), tmp_path)
    batch.driver().advance()

    batch.driver().stop()

    name = f"twolane-spot-{batch.layout.batch_id}"
    waiter = cloud.client("sagemaker").get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
