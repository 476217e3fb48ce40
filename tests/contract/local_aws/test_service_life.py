"""The service's own life: restart, clean stop, sudden death; and what it publishes."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from local_aws.faults.registry import Faults
from local_aws.sagemaker.settings import Settings
from local_aws.sagemaker.telemetry.cloudwatch import CloudWatch
from tests.support.local_aws import LocalAws, running_local_aws
from tests.support.sagemaker import Bucket, SageMaker, documents, eventually

ONE_INSTANCE = {"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}


def test_a_restart_remembers_jobs_and_brings_endpoints_back(tmp_path: Path) -> None:
    with running_local_aws(tmp_path) as first:
        sagemaker, bucket = SageMaker(first), Bucket(first, "kept")
        bucket.put("in/a.jsonl", documents(1))
        model = sagemaker.create_model(bucket.put_model("m.tar.gz", "kept"))
        endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **ONE_INSTANCE))
        done = sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))
        sagemaker.run("transform_job", done)
        slow = sagemaker.create_model(FIXTURE_SLOW_S="60")
        cut = sagemaker.transform_request(slow, bucket.uri("in/"), bucket.uri("out/"))
        sagemaker.start("transform_job", cut)

    with running_local_aws(tmp_path) as second:
        sagemaker = SageMaker(second)
        described = sagemaker.describe("transform_job", cut["TransformJobName"])
        with pytest.raises(ClientError, match="Job name must be unique"):
            sagemaker.start("transform_job", done)
        assert sagemaker.settled(endpoint)["EndpointStatus"] == "InService"
        answer = second.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint, Body=documents(1)
        )

        assert b'"kept"' in answer["Body"].read()
        assert described["TransformJobStatus"] == "Failed"
        assert described["FailureReason"].startswith("InternalServerError")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_child_survives_the_service(tmp_path: Path, number: signal.Signals) -> None:
    with running_local_aws(tmp_path) as stack:
        sagemaker = SageMaker(stack)
        sagemaker.create_endpoint(sagemaker.create_config(sagemaker.create_model(), **ONE_INSTANCE))
        children = psutil.Process(stack.pid).children(recursive=True)

        os.kill(stack.pid, number)
        _, alive = psutil.wait_procs(children, timeout=20)

    assert len(children) == 2
    assert alive == []


def test_metrics_and_logs_are_published(
    local_aws: LocalAws, sagemaker: SageMaker, bucket: Bucket, runtime: Any
) -> None:
    bucket.put("in/a.jsonl", documents(1))
    model = sagemaker.create_model(FIXTURE_SLOW_S="0.5")
    request = sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))
    request["TransformResources"]["InstanceType"] = "ml.g5.xlarge"
    sagemaker.run("transform_job", request)
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **ONE_INSTANCE))
    runtime.invoke_endpoint(EndpointName=endpoint, Body=documents(1))
    cloudwatch = local_aws.client("cloudwatch")

    def names(namespace: str, value: str) -> set[str]:
        metrics = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
        return {
            metric["MetricName"]
            for metric in metrics
            if any(value in dimension["Value"] for dimension in metric["Dimensions"])
        }

    job = request["TransformJobName"]
    eventually(
        lambda: (
            names("/aws/sagemaker/TransformJobs", job)
            >= {"CPUUtilization", "MemoryUtilization", "GPUUtilization"}
        )
    )
    eventually(
        lambda: (
            names("AWS/SageMaker", endpoint) >= {"Invocations", "ModelLatency", "OverheadLatency"}
        )
    )
    eventually(lambda: names("/aws/sagemaker/Endpoints", endpoint) >= {"CPUUtilization"})


def test_a_cpu_instance_reports_no_gpu(
    local_aws: LocalAws, sagemaker: SageMaker, bucket: Bucket
) -> None:
    bucket.put("in/a.jsonl", documents(1))
    model = sagemaker.create_model(FIXTURE_SLOW_S="0.5")
    request = sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))
    sagemaker.run("transform_job", request)
    dimension = {"Name": "Host", "Value": f"{request['TransformJobName']}/algo-1"}

    def names() -> list[str]:
        metrics = local_aws.client("cloudwatch").list_metrics(Dimensions=[dimension])["Metrics"]
        return sorted(metric["MetricName"] for metric in metrics)

    assert eventually(names) == ["CPUUtilization", "MemoryUtilization"]


def test_publishing_to_nobody_neither_fails_nor_waits(tmp_path: Path) -> None:
    cloudwatch = CloudWatch(
        Settings(tmp_path, tmp_path / "images.json", "http://127.0.0.1:9"), Faults()
    )

    cloudwatch.put_metric("ns", "name", [1.0, 2.0], "None", (("a", "b"),))
    cloudwatch.put_line("group", "stream", "a line")

    start = time.monotonic()
    cloudwatch.close()
    assert time.monotonic() - start < 6
