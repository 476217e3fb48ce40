"""Endpoint: the same promises on the fake and on SageMaker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from include.adapters.aws.sagemaker.serverless.endpoint_provision import ServerlessEndpoints
from include.adapters.aws.sagemaker.serverless.sagemaker_endpoint import (
    MAX_BODY_BYTES,
    InvokePolicy,
    SageMakerServerlessEndpoint,
)
from include.adapters.aws.sagemaker.serverless.serverless_size import ServerlessSize
from include.adapters.aws.sagemaker.serving_endpoints import SageMakerServingEndpoints
from include.domain.errors import BodyFailed, BodyFault, EndpointThrottled, EndpointUnavailable
from include.domain.model_ref import ModelRef
from include.pipeline.ports.remote_work import Endpoint
from tests.support.fakes import FakeEndpoint
from tests.support.faults import injected
from tests.support.lane_bench import SITE, LaneBench, real_bench, request_lines
from tests.support.local_aws import LocalAws

SIZE = ServerlessSize(memory_mb=2048, max_concurrency=4)


def serverless(
    cloud: LocalAws, pauses: list[float] | None = None, size: ServerlessSize = SIZE
) -> SageMakerServerlessEndpoint:
    """The adapter on the embedded AWS; its pauses between tries are noted and not waited."""
    endpoints = ServerlessEndpoints(cloud.client("sagemaker"), site=SITE, size=size, poll_s=0.05)
    runtime = cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    noted = [] if pauses is None else pauses
    policy = InvokePolicy(attempts=4)
    return SageMakerServerlessEndpoint(endpoints, runtime, policy=policy, sleep=noted.append)


@pytest.fixture
def endpoint(kind: str, request: pytest.FixtureRequest) -> Endpoint:
    return FakeEndpoint() if kind == "fake" else serverless(request.getfixturevalue("cloud"))


def test_it_answers_each_line_in_order(endpoint: Endpoint, bench: LaneBench) -> None:
    name = endpoint.ensure(bench.model, artifact_url=bench.put_artifact())

    answer = endpoint.invoke(name, request_lines(50))

    assert name == bench.model.resource_name
    ids = [json.loads(line)["id"] for line in answer.decode().splitlines()]
    assert ids == [f"d{number}" for number in range(50)]


def test_ensuring_again_finds_the_same(endpoint: Endpoint, bench: LaneBench) -> None:
    url = bench.put_artifact()

    assert endpoint.ensure(bench.model, artifact_url=url) == endpoint.ensure(
        bench.model, artifact_url=url
    )


def test_an_absent_endpoint_is_named(endpoint: Endpoint) -> None:
    with pytest.raises(EndpointUnavailable, match="no-such-endpoint"):
        endpoint.invoke("no-such-endpoint", request_lines(1))


# What SageMaker alone can show.


@pytest.fixture
def real(cloud: LocalAws, tmp_path: Path) -> LaneBench:
    return real_bench(cloud, tmp_path)


def test_a_body_over_the_limit_is_never_sent(cloud: LocalAws) -> None:
    with pytest.raises(ValueError, match="4,194,304"):
        serverless(cloud).invoke("any", b"x" * (MAX_BODY_BYTES + 1))


def test_throttling_is_told_at_once_to_the_caller_who_paces(
    cloud: LocalAws, real: LaneBench
) -> None:
    pauses: list[float] = []
    adapter = serverless(cloud, pauses)
    name = adapter.ensure(real.model, artifact_url=real.put_artifact())
    fault = {"kind": "throttle", "operation": "InvokeEndpoint", "resource": name}

    with (
        injected(cloud.sagemaker_url, fault) as faults,
        pytest.raises(EndpointThrottled, match=rf"{name}.*ThrottlingException"),
    ):
        adapter.invoke(name, request_lines(1))
    assert pauses == []
    assert adapter.invoke(name, request_lines(1))
    assert faults


def test_a_service_that_fails_is_asked_again_with_growing_pauses(
    cloud: LocalAws, real: LaneBench
) -> None:
    pauses: list[float] = []
    adapter = serverless(cloud, pauses)
    name = adapter.ensure(real.model, artifact_url=real.put_artifact())
    fault = {"kind": "unavailable", "operation": "InvokeEndpoint", "resource": name, "times": 7}

    with injected(cloud.sagemaker_url, fault) as faults:
        with pytest.raises(EndpointUnavailable, match=rf"{name}.*4 tries.*ServiceUnavailable"):
            adapter.invoke(name, request_lines(2))
        assert adapter.invoke(name, request_lines(2)).count(b"\n") == 2
        assert len(faults.hits()) == 7
    assert len(pauses) == 6
    assert all(pause <= 0.1 * 2**number for number, pause in enumerate(pauses[:3], start=1))


@pytest.mark.parametrize(
    ("text", "fault", "tries"),
    [("refuse", BodyFault.REFUSED, 1), ("break", BodyFault.MODEL_FAILED, 3)],
)
def test_a_body_the_model_cannot_answer_is_told_as_the_bodys_fault(
    cloud: LocalAws, real: LaneBench, text: str, fault: BodyFault, tries: int
) -> None:
    pauses: list[float] = []
    adapter = serverless(cloud, pauses)
    name = adapter.ensure(real.model, artifact_url=real.put_artifact())

    with pytest.raises(BodyFailed, match=rf"{name}.*{tries} tries.*ModelError") as caught:
        adapter.invoke(name, f'{{"id": "a", "text": "{text}"}}\n'.encode())
    assert caught.value.fault is fault
    assert len(pauses) == tries - 1


def test_a_body_that_takes_too_long_is_not_sent_again(cloud: LocalAws, real: LaneBench) -> None:
    pauses: list[float] = []
    adapter = serverless(cloud, pauses)
    name = adapter.ensure(real.model, artifact_url=real.put_artifact())
    fault = {"kind": "slow_answer", "resource": name, "delay_s": 30}

    with (
        injected(cloud.sagemaker_url, fault),
        pytest.raises(BodyFailed, match="timed out") as caught,
    ):
        adapter.invoke(name, request_lines(2))
    assert caught.value.fault is BodyFault.TIMED_OUT
    assert pauses == []


def test_an_endpoint_that_cannot_start_is_told_and_made_anew(
    cloud: LocalAws, real: LaneBench
) -> None:
    adapter = serverless(cloud)
    url = f"s3://twolane-models/{real.model.version}/absent.tar.gz"

    with pytest.raises(EndpointUnavailable, match=real.model.resource_name):
        adapter.ensure(real.model, artifact_url=url)

    real.put(url, _artifact(real))
    name = adapter.ensure(real.model, artifact_url=url)
    assert adapter.invoke(name, request_lines(1))


def _artifact(bench: LaneBench) -> bytes:
    with bench.objects.open(bench.put_artifact()) as stream:
        return stream.read()


def test_the_variant_is_as_large_as_the_settings_say(cloud: LocalAws, real: LaneBench) -> None:
    size = ServerlessSize(memory_mb=3072, max_concurrency=7, provisioned_concurrency=1)
    adapter = serverless(cloud, size=size)
    name = adapter.ensure(real.model, artifact_url=real.put_artifact())

    client = cloud.client("sagemaker")
    config = client.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    (variant,) = client.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]

    assert variant["ServerlessConfig"] == {
        "MemorySizeInMB": 3072,
        "MaxConcurrency": 7,
        "ProvisionedConcurrency": 1,
    }


def test_what_is_kept_warm_is_found_by_its_version(cloud: LocalAws, real: LaneBench) -> None:
    size = ServerlessSize(memory_mb=3072, max_concurrency=7, provisioned_concurrency=1)
    model = ModelRef("warm-topic", "7", real.model.digest)
    name = serverless(cloud, size=size).ensure(model, artifact_url=real.put_artifact())

    endpoints = SageMakerServingEndpoints(cloud.client("sagemaker"))

    (warm,) = [each for each in endpoints.provisioned() if each.name == name]
    assert (warm.model_name, warm.model_version) == ("warm-topic", "7")
    assert (warm.memory_gb, warm.environments) == (3.0, 1)
    assert name not in {each.name for each in endpoints.in_service()}, "it has no instances"
