"""Faults that a scenario injects: each one really happens, and is counted."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.faults.client import FaultsClient
from local_aws.faults.scenario_file import ScenarioError
from tests.support.faults import SCENARIOS, injected
from tests.support.local_aws import (
    REPOSITORY,
    LocalAws,
    clean_environment,
    running_local_aws,
)
from tests.support.sagemaker import Bucket, SageMaker, documents, eventually

SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
ONE_INSTANCE = {"InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 1}


def invoke(runtime: Any, endpoint: str, body: bytes) -> bytes:
    return bytes(runtime.invoke_endpoint(EndpointName=endpoint, Body=body)["Body"].read())


def records(hit: dict[str, Any]) -> int:
    """Records that the container had handled when it was hit."""
    return int(re.findall(r"after (\d+) records", hit["detail"])[0])


def endpoint_of(sagemaker: SageMaker, **variant: Any) -> str:
    model = sagemaker.create_model()
    return sagemaker.create_endpoint(sagemaker.create_config(model, **(variant or SERVERLESS)))


def test_calls_are_throttled_or_not_served_by_operation_and_name(
    sagemaker: SageMaker, runtime: Any, local_aws: LocalAws
) -> None:
    endpoint, other = endpoint_of(sagemaker), endpoint_of(sagemaker)
    throttle = {"kind": "throttle", "operation": "InvokeEndpoint", "resource": endpoint}
    refuse = {"kind": "unavailable", "operation": "Describe*", "resource": endpoint, "times": 2}
    with injected(local_aws.sagemaker_url, throttle, refuse) as faults:
        with pytest.raises(ClientError, match="ThrottlingException"):
            invoke(runtime, endpoint, documents(1))
        with pytest.raises(ClientError, match="ServiceUnavailable"):
            sagemaker.client.describe_endpoint(EndpointName=endpoint)
        assert invoke(runtime, other, documents(1))
        assert invoke(runtime, endpoint, documents(1))  # once, no more
        assert [hit["kind"] for hit in faults.hits()] == ["throttle"] + ["unavailable"] * 2


def test_a_model_seems_to_answer_500(
    sagemaker: SageMaker, runtime: Any, local_aws: LocalAws
) -> None:
    endpoint = endpoint_of(sagemaker)
    fault = {"kind": "model_error", "resource": endpoint, "status": 503, "times": 2}
    with injected(local_aws.sagemaker_url, fault) as faults:
        for _ in range(2):
            with pytest.raises(ClientError) as caught:
                invoke(runtime, endpoint, documents(1))
            assert caught.value.response["Error"]["Code"] == "ModelError"
            assert caught.value.response["OriginalStatusCode"] == 503
        assert invoke(runtime, endpoint, documents(1))
        assert len(faults.hits("model_error")) == 2


def test_a_slow_answer_meets_the_time_limit(
    sagemaker: SageMaker, runtime: Any, local_aws: LocalAws
) -> None:
    endpoint = endpoint_of(sagemaker)
    fault = {"kind": "slow_answer", "resource": endpoint, "delay_s": 3.5}
    with injected(local_aws.sagemaker_url, fault):
        with pytest.raises(ClientError, match="timed out while waiting for a response"):
            invoke(runtime, endpoint, documents(1))
        assert invoke(runtime, endpoint, documents(1))


def test_a_call_meets_a_cold_endpoint(
    sagemaker: SageMaker, runtime: Any, local_aws: LocalAws
) -> None:
    endpoint = endpoint_of(sagemaker)
    warm = invoke(runtime, endpoint, b'{"pid"}')
    assert invoke(runtime, endpoint, b'{"pid"}') == warm
    fault = {"kind": "cold_start", "resource": endpoint}
    with injected(local_aws.sagemaker_url, fault) as faults:
        cold = invoke(runtime, endpoint, b'{"pid"}')
        assert cold != warm
        assert invoke(runtime, endpoint, b'{"pid"}') == cold
        assert len(faults.hits("cold_start")) == 1


def test_an_instance_of_an_endpoint_is_killed_at_a_record_and_replaced(
    sagemaker: SageMaker, runtime: Any, local_aws: LocalAws
) -> None:
    endpoint = endpoint_of(sagemaker, **ONE_INSTANCE)
    first = invoke(runtime, endpoint, b'{"pid"}')
    fault = {"kind": "crash", "resource": endpoint, "at_record": 25}
    with injected(local_aws.sagemaker_url, fault) as faults:
        for _ in range(3):
            assert invoke(runtime, endpoint, documents(10)).count(b"\n") == 10
        assert invoke(runtime, endpoint, b'{"pid"}') != first
        assert records(faults.hits("crash")[0]) in {30, 31}


def test_a_transform_job_crashes_at_the_mini_batch_with_the_record(
    sagemaker: SageMaker, bucket: Bucket, local_aws: LocalAws
) -> None:
    bucket.put("in/a.jsonl", documents(30))
    request = sagemaker.transform_request(
        sagemaker.create_model(), bucket.uri("in/"), bucket.uri("out")
    )
    request.update(BatchStrategy="SingleRecord", MaxConcurrentTransforms=1)
    with injected(
        local_aws.sagemaker_url, {"kind": "crash", "job_kind": "transform", "at_record": 7}
    ) as faults:
        described = sagemaker.run("transform_job", request, "Failed")

        assert "exit code: 137" in described["FailureReason"]
        assert [hit["detail"] for hit in faults.hits()] == ["killed after 7 records"]
    assert bucket.keys("out/") == []


def test_one_of_two_processing_instances_is_lost(
    sagemaker: SageMaker, bucket: Bucket, local_aws: LocalAws
) -> None:
    for number in range(20):
        bucket.put(f"in/{number:02}.jsonl", documents(5))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out"))
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    request["Environment"] = {"FIXTURE_SLOW_S": "0.1"}
    fault = {"kind": "lost_instance", "job_kind": "processing", "host": "algo-2", "at_record": 10}
    with injected(local_aws.sagemaker_url, fault) as faults:
        described = sagemaker.run("processing_job", request, "Failed")

        assert described["FailureReason"].startswith("InternalServerError")
        (hit,) = faults.hits()
        assert hit["host"] == "algo-2"
        assert 10 <= records(hit) < 50


def test_a_job_starts_late(sagemaker: SageMaker, bucket: Bucket, local_aws: LocalAws) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out"))
    fault = {"kind": "slow_start", "job_kind": "processing", "delay_s": 1}
    with injected(local_aws.sagemaker_url, fault) as faults:
        described = sagemaker.run("processing_job", request)
        assert len(faults.hits("slow_start")) == 1
    ran = described["ProcessingEndTime"] - described["ProcessingStartTime"]
    assert ran.total_seconds() >= 1


def test_an_output_is_lost_and_the_job_says_completed(
    sagemaker: SageMaker, bucket: Bucket, local_aws: LocalAws
) -> None:
    for name in "abc":
        bucket.put(f"in/{name}.jsonl", documents(2))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out"))
    fault = {"kind": "lost_output", "object": "*/b.jsonl.out"}
    with injected(local_aws.sagemaker_url, fault) as faults:
        sagemaker.run("processing_job", request)
        assert [hit["object"] for hit in faults.hits()] == [bucket.uri("out/b.jsonl.out")]
    assert bucket.keys("out/") == ["out/a.jsonl.out", "out/c.jsonl.out"]


def test_a_spot_job_is_interrupted_at_records_and_goes_on(
    sagemaker: SageMaker, bucket: Bucket, local_aws: LocalAws
) -> None:
    bucket.put("train/a.jsonl", documents(1))
    request = sagemaker.training_request(bucket.uri("train/"), bucket.uri("models"), steps="30")
    request |= {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 30, "MaxWaitTimeInSeconds": 60},
        "CheckpointConfig": {"S3Uri": bucket.uri("checkpoints")},
        "Environment": {"FIXTURE_SLOW_S": "0.1"},
    }
    fault = {"kind": "interrupt", "at_record": 2, "notice_s": 1, "times": 2}
    with injected(local_aws.sagemaker_url, fault) as faults:
        described = sagemaker.run("training_job", request)
        assert [records(hit) >= 2 for hit in faults.hits("interrupt")] == [True, True]
    statuses = [entry["Status"] for entry in described["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == 2


def test_a_metric_stands_still(sagemaker: SageMaker, runtime: Any, local_aws: LocalAws) -> None:
    endpoint = endpoint_of(sagemaker)
    fault = {"kind": "stale_metric", "metric": "Invocations", "resource": endpoint, "times": 0}
    with injected(local_aws.sagemaker_url, fault) as faults:
        invoke(runtime, endpoint, documents(1))
        eventually(lambda: faults.hits("stale_metric"))
    names = [
        each["MetricName"]
        for each in local_aws.client("cloudwatch").list_metrics(
            Dimensions=[{"Name": "EndpointName", "Value": endpoint}]
        )["Metrics"]
    ]
    assert "Invocations" not in names


def test_the_command_line_applies_shows_and_clears(local_aws: LocalAws, tmp_path: Path) -> None:
    def faults(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "local_aws.faults", "--url", local_aws.sagemaker_url]
        return subprocess.run(
            [*command, *words],
            cwd=REPOSITORY,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    bad = tmp_path / "bad.toml"
    bad.write_text('[[faults]]\nkind = "gremlin"\n')

    applied = faults("apply", str(SCENARIOS / "lost-output.toml"))
    status, cleared, refused = faults("status"), faults("clear"), faults("apply", str(bad))

    assert "applied lost output" in applied.stdout
    assert '"scenario": "lost output"' in status.stdout
    assert "lost_output: 0 hits of 0 matches" in cleared.stdout
    assert refused.returncode == 2
    assert "bad.toml: faults[0]: 'kind' is 'gremlin'" in refused.stderr
    with pytest.raises(ScenarioError, match="'faults' is a list"):
        FaultsClient(local_aws.sagemaker_url).apply({})


def test_a_scenario_is_active_from_the_start(tmp_path: Path) -> None:
    scenario = tmp_path / "throttled.toml"
    scenario.write_text('[[faults]]\nkind = "throttle"\noperation = "ListModels"\n')
    with running_local_aws(tmp_path / "stack", "--faults", str(scenario)) as stack:
        client = stack.client("sagemaker", retries={"max_attempts": 0})
        with pytest.raises(ClientError, match="ThrottlingException"):
            client.list_models()
        client.list_models()
