"""AsyncEndpoint: the same promises on the fake and on SageMaker."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.adapters.aws.sagemaker.async_endpoint.async_endpoint import (
    RequestPolicy,
    SageMakerAsyncEndpoint,
)
from include.adapters.aws.sagemaker.async_endpoint.async_metrics import EndpointMetrics
from include.adapters.aws.sagemaker.async_endpoint.async_provision import AsyncEndpoints, AsyncSize
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import (
    EndpointScaling,
    ScalingRule,
    wake_alarm_name,
)
from include.domain.errors import EndpointUnavailable
from include.pipeline.lanes.async_endpoint.ports import AsyncEndpoint
from tests.support.fakes.async_endpoint import FakeAsyncEndpoint
from tests.support.fakes.objects import FakeObjectStore
from tests.support.lane_bench import SITE, LaneBench, real_bench, request_lines
from tests.support.local_aws import LocalAws
from tests.support.sagemaker import eventually, unique

SIZE = AsyncSize("ml.g4dn.xlarge", concurrency=1, results_prefix="s3://twolane-work/async/")
RULE = ScalingRule(max_instances=3, backlog_per_instance=2.0)


def asynchronous(
    cloud: LocalAws, pauses: list[float] | None = None, attempts: int = 4
) -> SageMakerAsyncEndpoint:
    """The adapter on the embedded AWS; its pauses between tries are noted and not waited."""
    cloudwatch = cloud.client("cloudwatch")
    scaling = EndpointScaling(cloud.client("application-autoscaling"), cloudwatch, RULE)
    endpoints = AsyncEndpoints(cloud.client("sagemaker"), scaling, site=SITE, size=SIZE)
    runtime = cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    noted = [] if pauses is None else pauses
    policy = RequestPolicy(attempts=attempts)
    metrics = EndpointMetrics(cloudwatch)
    return SageMakerAsyncEndpoint(endpoints, runtime, metrics, policy=policy, sleep=noted.append)


@pytest.fixture
def endpoint(kind: str, bench: LaneBench, request: pytest.FixtureRequest) -> AsyncEndpoint:
    if kind == "fake":
        assert isinstance(bench.objects, FakeObjectStore)
        return FakeAsyncEndpoint(bench.objects, polls_until_ready=1)
    return asynchronous(request.getfixturevalue("cloud"))


def ready(endpoint: AsyncEndpoint, bench: LaneBench) -> str:
    """Prepare the endpoint until requests may be sent; return its name."""
    url = bench.put_artifact()

    def probe() -> str | None:
        found = endpoint.prepare(bench.model, artifact_url=url)
        return found.name if found.is_ready else None

    return str(eventually(probe))


def test_preparing_never_waits_and_ends_ready(endpoint: AsyncEndpoint, bench: LaneBench) -> None:
    first = endpoint.prepare(bench.model, artifact_url=bench.put_artifact())

    assert not first.is_ready
    assert ready(endpoint, bench) == first.name == endpoint.endpoint_name(bench.model)
    assert endpoint.instance_count(first.name) == 1
    assert endpoint.grow(first.name, 2)
    eventually(lambda: endpoint.instance_count(first.name) == 2)


def test_a_request_is_answered_where_it_was_said(endpoint: AsyncEndpoint, bench: LaneBench) -> None:
    name = ready(endpoint, bench)
    bench.put_shards(7)

    accepted = endpoint.send(name, f"{bench.root}input/00000.jsonl", inference_id="shard-0")

    assert accepted.inference_id == "shard-0"
    eventually(lambda: bench.objects.exists(accepted.output_uri))
    lines = bench.objects.read_text(accepted.output_uri).splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"s0-{number}" for number in range(7)]
    assert not bench.objects.exists(accepted.failure_uri)


def test_a_failure_is_told_where_it_was_said(endpoint: AsyncEndpoint, bench: LaneBench) -> None:
    name = ready(endpoint, bench)

    accepted = endpoint.send(name, f"{bench.root}input/absent.jsonl", inference_id="absent")

    eventually(lambda: bench.objects.exists(accepted.failure_uri))
    assert "absent.jsonl" in bench.objects.read_text(accepted.failure_uri)
    assert not bench.objects.exists(accepted.output_uri)


def test_what_was_answered_is_counted(endpoint: AsyncEndpoint, bench: LaneBench) -> None:
    name, start = ready(endpoint, bench), datetime.now(UTC)
    bench.put_shards(1)

    for number in range(2):
        endpoint.send(name, f"{bench.root}input/00000.jsonl", inference_id=f"n{number}")

    until = start + timedelta(minutes=5)
    eventually(lambda: endpoint.answered_count(name, start, until) == 2)


def test_a_queue_of_which_nothing_is_known_is_not_called_empty(endpoint: AsyncEndpoint) -> None:
    assert endpoint.idle_since("no-such-endpoint", datetime.now(UTC)) is None


def test_an_absent_endpoint_is_named(endpoint: AsyncEndpoint) -> None:
    with pytest.raises(EndpointUnavailable, match="no-such-endpoint"):
        endpoint.send("no-such-endpoint", "s3://twolane-work/x", inference_id="x")
    assert endpoint.instance_count("no-such-endpoint") == 0
    with pytest.raises(EndpointUnavailable, match="no-such-endpoint"):
        endpoint.grow("no-such-endpoint", 2)


# What SageMaker alone can show.


@pytest.fixture
def real(cloud: LocalAws, tmp_path: Path) -> LaneBench:
    return real_bench(cloud, tmp_path)


def test_it_scales_by_both_policies(cloud: LocalAws, real: LaneBench) -> None:
    name = ready(asynchronous(cloud), real)
    scaling, cloudwatch = cloud.client("application-autoscaling"), cloud.client("cloudwatch")
    resource = f"endpoint/{name}/variant/all"

    (target,) = scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[resource]
    )["ScalableTargets"]
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker", ResourceId=resource)[
        "ScalingPolicies"
    ]
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[wake_alarm_name(name)])["MetricAlarms"]

    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 3)
    by_type = {policy["PolicyType"]: policy for policy in policies}
    assert set(by_type) == {"TargetTrackingScaling", "StepScaling"}
    assert alarm["AlarmActions"] == [by_type["StepScaling"]["PolicyARN"]]
    assert alarm["MetricName"] == "HasBacklogWithoutCapacity"


def test_throttling_is_retried_with_growing_pauses(cloud: LocalAws, real: LaneBench) -> None:
    pauses: list[float] = []
    adapter = asynchronous(cloud, pauses)
    name = ready(adapter, real)
    tries: list[int] = []

    def throttle(parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
        tries.append(len(tries))
        if len(tries) <= 2:
            parsed["Error"] = {"Code": "ThrottlingException", "Message": "Rate exceeded"}
            http_response.status_code = 400

    events = adapter._runtime.meta.events
    events.register("after-call.sagemaker-runtime.InvokeEndpointAsync", throttle)

    real.put_shards(1)
    adapter.send(name, f"{real.root}input/00000.jsonl", inference_id="x")

    assert len(tries) == 3
    assert all(pause <= 0.1 * 2**number for number, pause in enumerate(pauses, start=1))


def test_an_endpoint_that_cannot_start_is_told_and_made_anew(
    cloud: LocalAws, real: LaneBench
) -> None:
    adapter = asynchronous(cloud)
    url = f"s3://twolane-models/{real.model.version}/absent.tar.gz"

    def fails() -> bool:
        try:
            adapter.prepare(real.model, artifact_url=url)
        except EndpointUnavailable as exc:
            return "is Failed" in str(exc)
        return False

    eventually(fails)
    with real.objects.open(real.put_artifact()) as stream:
        real.put(url, stream.read())
    eventually(lambda: adapter.prepare(real.model, artifact_url=url).is_ready)


def test_a_scaled_in_endpoint_takes_requests(cloud: LocalAws, real: LaneBench) -> None:
    adapter = asynchronous(cloud)
    name = ready(adapter, real)
    cloud.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[{"VariantName": "all", "DesiredInstanceCount": 0}],
    )
    eventually(lambda: adapter.instance_count(name) == 0)
    real.put(f"{real.root}input/00000.jsonl", request_lines(1))

    accepted = adapter.send(name, f"{real.root}input/00000.jsonl", inference_id="wake")

    assert eventually(lambda: real.objects.exists(accepted.output_uri), timeout_s=120)


@pytest.mark.parametrize(
    ("backlog", "idle_minutes"),
    [
        ([0, 0, 0], 3),
        ([3, 0, 0], 2),
        ([0, 0, 1], None),
        ([5, 0], None),
        ([0, 0, 0, None], 3),
        ([0, 0, 0, None, None], None),
        ([], None),
    ],
)
def test_a_queue_is_empty_after_two_whole_minutes_without_backlog(
    cloud: LocalAws, backlog: list[int | None], idle_minutes: int | None
) -> None:
    name, now = unique("idle"), datetime.now(UTC).replace(second=30)
    cloudwatch = cloud.client("cloudwatch")
    starts = [
        now.replace(second=0, microsecond=0) - timedelta(minutes=age)
        for age in range(len(backlog), 0, -1)
    ]
    for start, value in zip(starts, backlog, strict=True):
        if value is not None:
            datum = {
                "MetricName": "ApproximateBacklogSize",
                "Dimensions": [{"Name": "EndpointName", "Value": name}],
                "Timestamp": start + timedelta(seconds=20),
                "Value": value,
            }
            cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])

    found = EndpointMetrics(cloudwatch).idle_since(name, now)

    zeros = [start for start, value in zip(starts, backlog, strict=True) if value == 0]
    assert found == (zeros[-idle_minutes] if idle_minutes else None)
