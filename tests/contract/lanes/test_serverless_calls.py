"""The serverless lane's calls against a real endpoint that misbehaves."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.adapters.aws.sagemaker.serverless.endpoint_provision import ServerlessEndpoints
from include.adapters.aws.sagemaker.serverless.sagemaker_endpoint import SageMakerServerlessEndpoint
from include.adapters.aws.sagemaker.serverless.serverless_size import ServerlessSize
from include.domain.errors import EndpointUnavailable
from include.domain.execution.pacing import CallSize, cold_waits_s
from include.pipeline.lanes.serverless.call_gate import CallGate
from include.pipeline.lanes.serverless.endpoint_calls import EndpointCaller
from tests.support.faults import injected
from tests.support.lane_bench import SITE, LaneBench, real_bench, request_lines
from tests.support.local_aws import LocalAws


@pytest.fixture
def bench(cloud: LocalAws, tmp_path: Path) -> LaneBench:
    return real_bench(cloud, tmp_path)


def caller_on(cloud: LocalAws, bench: LaneBench, max_concurrency: int = 4) -> EndpointCaller:
    """A caller of an endpoint of its own that takes `max_concurrency` calls at once."""
    size = ServerlessSize(memory_mb=2048, max_concurrency=max_concurrency)
    endpoints = ServerlessEndpoints(cloud.client("sagemaker"), site=SITE, size=size, poll_s=0.05)
    runtime = cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    adapter = SageMakerServerlessEndpoint(endpoints, runtime)
    return EndpointCaller(
        adapter,
        adapter.ensure(bench.model, artifact_url=bench.put_artifact()),
        gate=CallGate(8),
        size=CallSize(20_000, target_s=10, max_tokens=20_000),
        throttled_s=30,
        max_tokens=256,
    )


def test_documents_that_break_the_model_or_are_refused_cost_nobody_else(
    cloud: LocalAws, bench: LaneBench
) -> None:
    lines = request_lines(12).splitlines(keepends=True)
    lines[3] = b'{"id": "breaks", "text": "break"}\n'
    lines[8] = b'{"id": "refused", "text": "refuse"}\n'

    answers = [json.loads(line) for line in caller_on(cloud, bench).answer(lines).splitlines()]

    assert [each["id"] for each in answers] == [json.loads(line)["id"] for line in lines]
    errors = {each["id"]: each["error"]["code"] for each in answers if "error" in each}
    assert errors == {"breaks": "model_failed", "refused": "refused"}


def test_a_time_out_of_a_large_call_is_answered_in_halves(
    cloud: LocalAws, bench: LaneBench
) -> None:
    caller = caller_on(cloud, bench)
    slow = {"kind": "slow_answer", "resource": caller.name, "delay_s": 30}
    with injected(cloud.sagemaker_url, slow) as faults:
        answer = caller.answer(request_lines(10).splitlines(keepends=True))
        assert len(faults.hits("slow_answer")) == 1
    assert answer.count(b"label") == 10
    assert caller.tokens_per_call < 20_000
    assert caller.wasted_s > 2


def test_an_outage_is_the_endpoints_and_no_documents(cloud: LocalAws, bench: LaneBench) -> None:
    caller = caller_on(cloud, bench)
    outage = {"kind": "model_error", "resource": caller.name, "times": 0}
    with (
        injected(cloud.sagemaker_url, outage),
        pytest.raises(EndpointUnavailable, match="nor does it answer anything else"),
    ):
        caller.answer(request_lines(10).splitlines(keepends=True))


def test_more_calls_than_the_endpoint_takes_are_paced_down_and_all_answered(
    cloud: LocalAws, bench: LaneBench
) -> None:
    caller = caller_on(cloud, bench, max_concurrency=2)
    bodies = [request_lines(2, f"b{number}-").splitlines(keepends=True) for number in range(40)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(caller.answer, bodies))

    assert all(answer.count(b"label") == 2 for answer in answers)


def test_a_cold_start_is_told_apart(cloud: LocalAws, bench: LaneBench) -> None:
    caller = caller_on(cloud, bench)
    cold = {"kind": "cold_start", "resource": caller.name, "delay_s": 2}
    with injected(cloud.sagemaker_url, cold) as faults:
        for _ in range(4):
            caller.answer(request_lines(5).splitlines(keepends=True))
        assert len(faults.hits("cold_start")) == 1

    assert max(cold_waits_s(caller.calls, warm_tokens_per_s=10_000)) > 1.9
    assert cold_waits_s(caller.calls[1:], warm_tokens_per_s=10_000) == []
