"""The job lanes on the embedded AWS, with our container: an instance lost, an output, a record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from include.domain.lanes import Lane
from include.domain.money.costs import Waste
from tests.support.faults import injected
from tests.support.local_aws import LocalAws
from tests.support.placed_batch import PlacedBatch

LANES = [Lane.PROCESSING, Lane.TRANSFORM]


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> Lane:
    return Lane(request.param)


def manifest_of(batch: PlacedBatch, number: int) -> list[str]:
    """Files that one of the batch's jobs was given."""
    suffix = f"-r{number}" if number else ""
    name = f"twolane-{batch.lane.value}-{batch.layout.batch_id}{suffix}"
    return [
        str(each)
        for each in json.loads(batch.objects.read_text(batch.layout.job_manifest(name)))[1:]
    ]


def test_each_instance_does_its_share_of_the_tokens(
    cloud: LocalAws, tmp_path: Path, lane: Lane
) -> None:
    batch = PlacedBatch(cloud, lane, (900, 100, 100, 100, 600, 200), tmp_path, instances=2)

    runs = batch.run()

    assert [each["id"] for each in batch.answered()] == batch.expected_ids()
    assert len(runs) == 2
    shares = [manifest_of(batch, number) for number in range(2)]
    documents = [sum(batch.counts[int(name[:5])] for name in share) for share in shares]
    assert sorted(documents) == [1000, 1000]


def test_a_lost_instance_has_its_missing_shards_run_again_and_no_others(
    cloud: LocalAws, tmp_path: Path, lane: Lane
) -> None:
    batch = PlacedBatch(
        cloud, lane, (20_000,) * 6, tmp_path, instances=2, tokens_per_s=1e9, cold_start_s=0.0
    )
    lost: dict[str, Any] = {
        "kind": "lost_instance",
        "resource": f"twolane-{lane.value}-{batch.layout.batch_id}",
        "at_record": 45_000,
    }

    with injected(cloud.sagemaker_url, lost) as faults:
        runs = batch.run()
        assert len(faults.hits("lost_instance")) == 1

    assert [each["id"] for each in batch.answered()] == batch.expected_ids()
    first, _, again = (manifest_of(batch, number) for number in range(3))
    assert set(again) < set(first), "what stood when the instance was lost is kept"
    assert len(runs) == 3
    repeated = [each for each in runs if Waste.RETRY in each.waste_s]
    assert [each.resource_id for each in repeated] == [lost["resource"]], "the lost one's alone"


def test_a_lost_output_is_made_again_alone(cloud: LocalAws, tmp_path: Path, lane: Lane) -> None:
    batch = PlacedBatch(cloud, lane, (50,) * 4, tmp_path)
    lost = {"kind": "lost_output", "object": "*/output/00002.jsonl.out", "times": 2}

    with injected(cloud.sagemaker_url, lost):
        batch.run()

    assert [each["id"] for each in batch.answered()] == batch.expected_ids()
    assert manifest_of(batch, 1) == ["00002.jsonl"]


def test_a_file_that_one_request_always_fails_is_isolated_to_its_record(
    cloud: LocalAws, tmp_path: Path
) -> None:
    batch = PlacedBatch(cloud, Lane.TRANSFORM, (2, 6), tmp_path)
    path = tmp_path / "poisoned"
    lines = [f'{{"id":"1-{n}","text":"text-{n}"}}\n' for n in range(6)]
    lines[5] = '{"id":"1-5","text":"' + "x" * 2**20 + '"}\n'
    path.write_text("".join(lines))
    batch.objects.upload(path, batch.layout.input_shard(1))

    batch.run()

    answers = batch.answered()
    assert [each["id"] for each in answers] == batch.expected_ids()
    failed = [each for each in answers if "error" in each]
    assert [each["id"] for each in failed] == ["1-5"]
    assert "Too much data for max payload size" in str(failed[0]["error"])
