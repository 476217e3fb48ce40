"""One version on two images: instances with GPUs run the GPU image, all others the serving one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from include.adapters.aws.cloudwatch.endpoint_alarms import AlarmLimits, EndpointAlarms
from include.adapters.aws.sagemaker.async_endpoint.async_endpoint import SageMakerAsyncEndpoint
from include.adapters.aws.sagemaker.async_endpoint.async_metrics import EndpointMetrics
from include.adapters.aws.sagemaker.async_endpoint.async_provision import AsyncEndpoints, AsyncSize
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import EndpointScaling, ScalingRule
from include.adapters.aws.sagemaker.deployed_versions import version_of
from include.adapters.aws.sagemaker.endpoint_lanes import AsyncLane, Patience
from include.adapters.aws.sagemaker.jobs.sagemaker_jobs import SageMakerJobRunner
from include.adapters.aws.sagemaker.sagemaker_models import ServingSite
from include.domain.execution.jobs import JobState
from include.domain.lanes import Lane
from include.domain.promotion.retirement import VersionKey
from tests.support.lane_bench import LaneBench, real_bench, request_lines, wait_final
from tests.support.local_aws import (
    ABSENT_IMAGE,
    FIXTURE_GPU_IMAGE,
    FIXTURE_IMAGE,
    ROLE_ARN,
    LocalAws,
)

SITE = ServingSite(
    image_uri=FIXTURE_IMAGE,
    role_arn=ROLE_ARN,
    gpu_image_uri=FIXTURE_GPU_IMAGE,
    endpoint_ami="al2-ami-sagemaker-inference-gpu-2-1",
    transform_ami="al2-ami-sagemaker-batch-gpu-535",
)
IMAGES = [("ml.m5.xlarge", "cat"), ("ml.g4dn.xlarge", "gpu")]
"""Instance types, and what each one's image answers."""


@pytest.fixture
def bench(cloud: LocalAws, tmp_path: Path) -> LaneBench:
    return real_bench(cloud, tmp_path)


@pytest.mark.parametrize("lane", [Lane.PROCESSING, Lane.TRANSFORM])
def test_a_version_runs_on_both_images(cloud: LocalAws, bench: LaneBench, lane: Lane) -> None:
    runner = SageMakerJobRunner(cloud.client("sagemaker"), SITE)
    bench.put_shards(2)
    url = bench.put_artifact()
    for attempt, (instance_type, label) in enumerate(IMAGES):
        output = f"{bench.root}output-{attempt}/"
        spec = replace(bench.spec(lane, attempt), instance_type=instance_type, output_prefix=output)
        job = runner.launch(spec, artifact_url=url)
        assert wait_final(runner, job).state is JobState.COMPLETED
        answers = bench.objects.read_text(f"{output}00000.jsonl.out").splitlines()
        # A processing job of the fixture has its model nowhere: only the GPU image's label is told.
        expected = label if lane is Lane.TRANSFORM or label == "gpu" else "no-model"
        assert [json.loads(line)["label"] for line in answers] == [expected] * 2


def test_asynchronous_endpoints_of_both_stand_side_by_side(
    cloud: LocalAws, bench: LaneBench
) -> None:
    url = bench.put_artifact()
    names = []
    for instance_type, label in IMAGES:
        lane = asynchronous(cloud, bench, instance_type)
        assert not lane.is_kept(bench.model)
        names.append(lane.deploy(bench.model, artifact_url=url))
        (answer,) = lane.answer(bench.model, request_lines(1)).splitlines()
        assert json.loads(answer)["label"] == label
    of_version = bench.model.resource_name
    assert names == [f"{of_version}-async", f"{of_version}-async-gpu"]
    assert version_of("twolane-news-topic-v7-async-gpu") == VersionKey("news-topic", "7")


def test_an_image_that_is_not_installed_says_how_to_install_it(
    cloud: LocalAws, bench: LaneBench
) -> None:
    site = replace(SITE, gpu_image_uri=ABSENT_IMAGE)
    runner = SageMakerJobRunner(cloud.client("sagemaker"), site)
    bench.put_shards(1)
    spec = replace(bench.spec(Lane.PROCESSING), instance_type="ml.g4dn.xlarge")
    status = wait_final(runner, runner.launch(spec, artifact_url=bench.put_artifact()))
    assert status.state is JobState.FAILED
    assert "is not installed: make it" in status.failure_reason


def asynchronous(cloud: LocalAws, bench: LaneBench, instance_type: str) -> AsyncLane:
    cloudwatch = cloud.client("cloudwatch")
    rule = ScalingRule(max_instances=2, backlog_per_instance=2.0)
    scaling = EndpointScaling(cloud.client("application-autoscaling"), cloudwatch, rule)
    size = AsyncSize(instance_type, 1, f"s3://twolane-work/async/{bench.batch_id}/")
    endpoints = AsyncEndpoints(cloud.client("sagemaker"), scaling, site=SITE, size=size)
    runtime = cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    return AsyncLane(
        SageMakerAsyncEndpoint(endpoints, runtime, EndpointMetrics(cloudwatch)),
        EndpointAlarms(cloudwatch, AlarmLimits()),
        bench.objects,
        requests_prefix=f"s3://twolane-work/batches/smoke-{bench.batch_id}/",
        patience=Patience(ready_s=60, answer_s=60, poll_s=0.05),
    )
