"""EndpointLane: the same promises on the fake and on SageMaker, serverless and asynchronous."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.adapters.aws.cloudwatch.endpoint_alarms import AlarmLimits, EndpointAlarms, alarm_names
from include.adapters.aws.sagemaker.async_endpoint.async_endpoint import SageMakerAsyncEndpoint
from include.adapters.aws.sagemaker.async_endpoint.async_metrics import EndpointMetrics
from include.adapters.aws.sagemaker.async_endpoint.async_provision import AsyncEndpoints, AsyncSize
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import EndpointScaling, ScalingRule
from include.adapters.aws.sagemaker.endpoint_lanes import AsyncLane, Patience, ServerlessLane
from include.adapters.aws.sagemaker.serverless.endpoint_provision import ServerlessEndpoints
from include.adapters.aws.sagemaker.serverless.sagemaker_endpoint import (
    InvokePolicy,
    SageMakerServerlessEndpoint,
)
from include.adapters.aws.sagemaker.serverless.serverless_size import ServerlessSize
from include.domain.errors import EndpointUnavailable
from include.pipeline.promotion.promotion_ports import EndpointLane
from tests.support.fakes.promotions import FakeEndpointLane
from tests.support.lane_bench import SITE, LaneBench, fake_bench, real_bench, request_lines
from tests.support.local_aws import LocalAws
from tests.support.sagemaker import eventually

World = tuple[EndpointLane, LaneBench]


def serverless(
    cloud: LocalAws, limits: AlarmLimits | None = None, memory_mb: int = 2048
) -> ServerlessLane:
    size = ServerlessSize(memory_mb=memory_mb, max_concurrency=4)
    endpoints = ServerlessEndpoints(cloud.client("sagemaker"), site=SITE, size=size, poll_s=0.05)
    runtime = cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    policy = InvokePolicy(attempts=4, model_attempts=2, backoff_base_s=0.01)
    endpoint = SageMakerServerlessEndpoint(endpoints, runtime, policy=policy)
    alarms = EndpointAlarms(cloud.client("cloudwatch"), limits or AlarmLimits())
    return ServerlessLane(endpoints, endpoint, alarms)


def asynchronous(cloud: LocalAws, bench: LaneBench) -> AsyncLane:
    cloudwatch = cloud.client("cloudwatch")
    rule = ScalingRule(max_instances=2, backlog_per_instance=2.0)
    scaling = EndpointScaling(cloud.client("application-autoscaling"), cloudwatch, rule)
    size = AsyncSize("ml.m5.xlarge", 1, f"s3://twolane-work/async/{bench.batch_id}/")
    endpoints = AsyncEndpoints(cloud.client("sagemaker"), scaling, site=SITE, size=size)
    runtime = cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    endpoint = SageMakerAsyncEndpoint(endpoints, runtime, EndpointMetrics(cloudwatch))
    return AsyncLane(
        endpoint,
        EndpointAlarms(cloudwatch, AlarmLimits()),
        bench.objects,
        requests_prefix=f"s3://twolane-work/batches/smoke-{bench.batch_id}/",
        patience=Patience(ready_s=60, answer_s=60, poll_s=0.05),
    )


@pytest.fixture(params=["fake", "serverless", "asynchronous"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "fake":
        return FakeEndpointLane(), fake_bench(tmp_path)
    cloud = request.getfixturevalue("cloud")
    bench = real_bench(cloud, tmp_path)
    lane = serverless(cloud) if request.param == "serverless" else asynchronous(cloud, bench)
    return lane, bench


def test_what_is_deployed_is_kept_and_answers(world: World) -> None:
    lane, bench = world
    assert not lane.is_kept(bench.model)
    url = bench.put_artifact()

    name = lane.deploy(bench.model, artifact_url=url)

    assert name.startswith(bench.model.resource_name)
    assert lane.is_kept(bench.model)
    assert lane.deploy(bench.model, artifact_url=url) == name
    answers = [json.loads(line) for line in lane.answer(bench.model, request_lines(3)).splitlines()]
    assert [answer["id"] for answer in answers] == ["d0", "d1", "d2"]
    assert list(lane.ringing(bench.model)) == []


def test_what_was_never_deployed_does_not_answer(world: World) -> None:
    lane, bench = world
    with pytest.raises(EndpointUnavailable, match=bench.model.resource_name):
        lane.answer(bench.model, request_lines(1))


# What SageMaker and CloudWatch alone can show.


def test_failing_invocations_ring_the_alarm(cloud: LocalAws, tmp_path: Path) -> None:
    """With periods of a second, where CloudWatch has a minute for SageMaker's metrics."""
    bench = real_bench(cloud, tmp_path)
    lane = serverless(cloud, AlarmLimits(minutes=3, minutes_to_alarm=1, period_s=2))
    lane.deploy(bench.model, artifact_url=bench.put_artifact())
    assert lane.ringing(bench.model) == []

    def failing() -> list[str]:
        with pytest.raises(Exception, match="ModelError"):
            lane.answer(bench.model, b'{"id": "a", "text": "break"}\n')
        time.sleep(0.3)
        return list(lane.ringing(bench.model))

    (why,) = eventually(failing)
    assert f"{bench.model.resource_name}-5xx rings" in why


def test_an_endpoint_is_given_the_size_that_is_set_by_now_without_a_call_lost(
    cloud: LocalAws, tmp_path: Path
) -> None:
    bench = real_bench(cloud, tmp_path)
    url = bench.put_artifact()
    smaller, larger = serverless(cloud), serverless(cloud, memory_mb=3072)
    smaller.deploy(bench.model, artifact_url=url)
    is_over = threading.Event()

    def keep_calling() -> int:
        calls = 0
        while not is_over.is_set():
            assert smaller.answer(bench.model, request_lines(1)).count(b"\n") == 1
            calls += 1
        return calls

    with ThreadPoolExecutor(1) as pool:
        caller = pool.submit(keep_calling)
        name = larger.deploy(bench.model, artifact_url=url)
        is_over.set()
        assert caller.result() > 0

    found = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
    assert found["EndpointStatus"] == "InService"
    assert found["EndpointConfigName"] == f"{name}-3072-4-0"
    assert larger.answer(bench.model, request_lines(1)).count(b"\n") == 1


def test_an_endpoint_that_cannot_be_given_a_size_goes_on_answering(
    cloud: LocalAws, tmp_path: Path
) -> None:
    bench = real_bench(cloud, tmp_path)
    url = bench.put_artifact()
    name = serverless(cloud).deploy(bench.model, artifact_url=url)
    cloud.client("s3").delete_object(Bucket="twolane-models", Key=url.split("/", 3)[3])

    with pytest.raises(EndpointUnavailable, match=f"{name}: keeps its old size"):
        serverless(cloud, memory_mb=3072).deploy(bench.model, artifact_url=url)
    assert serverless(cloud).answer(bench.model, request_lines(1)).count(b"\n") == 1


def test_alarms_go_with_their_endpoint(cloud: LocalAws, tmp_path: Path) -> None:
    bench = real_bench(cloud, tmp_path)
    cloudwatch = cloud.client("cloudwatch")
    alarms = EndpointAlarms(cloudwatch, AlarmLimits())
    name = bench.model.resource_name
    alarms.ensure(name)
    alarms.ensure(name)
    made = cloudwatch.describe_alarms(AlarmNames=alarm_names(name))["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in made} == {f"{name}-5xx", f"{name}-latency"}

    alarms.delete(name)
    alarms.delete(name)
    assert cloudwatch.describe_alarms(AlarmNames=alarm_names(name))["MetricAlarms"] == []
