"""JobRunner: the same promises on the fake and on SageMaker, for each job lane."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from include.adapters.aws.sagemaker.jobs.sagemaker_jobs import SageMakerJobRunner
from include.domain.errors import JobFailed
from include.domain.execution.jobs import JobRef, JobState
from include.domain.lanes import Lane
from include.pipeline.ports.remote_work import JobRunner
from tests.support.fakes import FakeJobRunner, FakeObjectStore
from tests.support.lane_bench import SITE, LaneBench, real_bench, wait_final
from tests.support.local_aws import LocalAws


@pytest.fixture(params=[Lane.PROCESSING, Lane.TRANSFORM])
def lane(request: pytest.FixtureRequest) -> Lane:
    return Lane(request.param)


@pytest.fixture
def runner(kind: str, bench: LaneBench, request: pytest.FixtureRequest) -> JobRunner:
    if kind == "fake":
        assert isinstance(bench.objects, FakeObjectStore)
        return FakeJobRunner(bench.objects)
    cloud: LocalAws = request.getfixturevalue("cloud")
    return SageMakerJobRunner(cloud.client("sagemaker"), SITE)


def test_a_job_writes_one_output_a_shard_in_order(
    runner: JobRunner, bench: LaneBench, lane: Lane
) -> None:
    bench.put_shards(30, 7)

    job = runner.launch(bench.spec(lane), artifact_url=bench.put_artifact())
    status = wait_final(runner, job)

    assert (status.state, status.failure_reason) == (JobState.COMPLETED, "")
    assert status.started_at is not None
    assert status.ended_at is not None
    assert status.started_at <= status.ended_at
    assert bench.output_ids() == {
        "00000.jsonl.out": [f"s0-{n}" for n in range(30)],
        "00001.jsonl.out": [f"s1-{n}" for n in range(7)],
    }


def test_launching_again_adopts_the_job(runner: JobRunner, bench: LaneBench, lane: Lane) -> None:
    bench.put_shards(3)
    url = bench.put_artifact()

    first = runner.launch(bench.spec(lane), artifact_url=url)
    second = runner.launch(bench.spec(lane), artifact_url=url)
    ended = wait_final(runner, first)
    third = runner.launch(bench.spec(lane), artifact_url=url)

    assert first == second == third
    assert runner.status(third) == ended


def test_a_job_that_never_was_has_no_status(
    runner: JobRunner, bench: LaneBench, lane: Lane
) -> None:
    job = JobRef(lane, bench.spec(lane).name)

    assert runner.status(job) is None
    runner.stop(job)
    assert runner.status(job) is None


def test_a_running_job_can_be_stopped(runner: JobRunner, bench: LaneBench, lane: Lane) -> None:
    bench.put_shards(*[2000] * 10)

    job = runner.launch(bench.spec(lane), artifact_url=bench.put_artifact())
    runner.stop(job)

    assert wait_final(runner, job).state is JobState.STOPPED


def test_stopping_a_job_that_has_ended_changes_nothing(
    runner: JobRunner, bench: LaneBench, lane: Lane
) -> None:
    bench.put_shards(1)
    job = runner.launch(bench.spec(lane), artifact_url=bench.put_artifact())
    wait_final(runner, job)

    runner.stop(job)

    status = runner.status(job)
    assert status is not None
    assert status.state is JobState.COMPLETED


# What SageMaker alone can show.


@pytest.fixture
def real(cloud: LocalAws, tmp_path: Path) -> tuple[SageMakerJobRunner, LaneBench]:
    return SageMakerJobRunner(cloud.client("sagemaker"), SITE), real_bench(cloud, tmp_path)


def test_a_failed_job_carries_sagemakers_reason(
    real: tuple[SageMakerJobRunner, LaneBench], lane: Lane
) -> None:
    runner, bench = real
    bench.put(f"{bench.root}input/00000.jsonl", b"this is no JSON\n")

    job = runner.launch(bench.spec(lane), artifact_url=bench.put_artifact())
    status = wait_final(runner, job)

    assert status.state is JobState.FAILED
    assert status.failure_reason


def test_a_refused_request_names_the_job(
    real: tuple[SageMakerJobRunner, LaneBench], lane: Lane
) -> None:
    runner, bench = real
    bench.put_shards(1)
    spec = replace(bench.spec(lane), instance_type="ml.none.such")

    with pytest.raises(JobFailed, match=rf"{spec.name}: SageMaker refused it"):
        runner.launch(spec, artifact_url=bench.put_artifact())
    assert runner.status(JobRef(lane, spec.name)) is None


def test_a_model_of_that_name_with_another_artifact_is_refused(
    real: tuple[SageMakerJobRunner, LaneBench],
) -> None:
    runner, bench = real
    bench.put_shards(1)
    url = bench.put_artifact()
    runner.launch(bench.spec(Lane.TRANSFORM), artifact_url=url)

    with pytest.raises(JobFailed, match=bench.model.resource_name):
        runner.launch(bench.spec(Lane.TRANSFORM, attempt=1), artifact_url=f"{url}.other")


def test_jobs_are_tagged_for_cost_allocation(cloud: LocalAws, tmp_path: Path, lane: Lane) -> None:
    bench, client = real_bench(cloud, tmp_path), cloud.client("sagemaker")
    bench.put_shards(1)
    runner = SageMakerJobRunner(client, SITE)
    job = runner.launch(bench.spec(lane), artifact_url=bench.put_artifact())

    describe = getattr(client, f"describe_{lane.value}_job")
    kind = lane.value.capitalize()
    arn = describe(**{f"{kind}JobName": job.name})[f"{kind}JobArn"]
    tags = {tag["Key"]: tag["Value"] for tag in client.list_tags(ResourceArn=arn)["Tags"]}

    assert tags == {
        "twolane:product": "twolane",
        "twolane:lane": lane.value,
        "twolane:batch": bench.batch_id,
    }


def test_the_serverless_lane_runs_no_jobs(
    real: tuple[SageMakerJobRunner, LaneBench],
) -> None:
    runner, bench = real

    with pytest.raises(JobFailed, match="serverless"):
        runner.launch(bench.spec(Lane.SERVERLESS), artifact_url="s3://twolane-models/x")
