"""The AWS command line, Airflow's own operators and the SageMaker SDK work unchanged."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_aws import FIXTURE_IMAGE, ROLE_ARN, LocalAws
from tests.support.sagemaker import JSON_LINES, Bucket, SageMaker, documents, eventually, unique

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def aws_environment(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """This process's environment, steered to the stack."""
    for name, value in local_aws.env.items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)


def test_the_command_line(
    aws_environment: dict[str, str], sagemaker: SageMaker, bucket: Bucket, tmp_path: Path
) -> None:
    bucket.put("in/a.jsonl", documents(2))
    model = sagemaker.create_model()
    config = sagemaker.create_config(
        model, ServerlessConfig={"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    )
    endpoint = sagemaker.create_endpoint(config)
    request = sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))
    body, answer = tmp_path / "body", tmp_path / "answer"
    body.write_bytes(documents(1))

    def aws(*words: str) -> Any:
        command = [str(AWS), *words, "--output", "json"]
        done = subprocess.run(
            command, env=aws_environment, check=True, capture_output=True, text=True
        )
        return json.loads(done.stdout or "{}")

    aws("sagemaker", "create-transform-job", "--cli-input-json", json.dumps(request))
    name = request["TransformJobName"]
    aws("sagemaker", "wait", "transform-job-completed-or-stopped", "--transform-job-name", name)
    invoke = ("sagemaker-runtime", "invoke-endpoint", "--endpoint-name", endpoint)
    aws(*invoke, "--content-type", JSON_LINES, "--body", f"fileb://{body}", str(answer))

    assert len(bucket.lines("out/a.jsonl.out")) == 2
    assert json.loads(answer.read_text())["id"] == "d0"


def test_the_operators_of_the_amazon_provider(
    local_aws: LocalAws, sagemaker: SageMaker, bucket: Bucket, tmp_path: Path
) -> None:
    """In a process of its own: Airflow reads its environment when it is imported."""
    bucket.put("in/a.jsonl", documents(3))
    name = unique("operators")
    program = Path(__file__).with_name("run_operators.py")
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
        **local_aws.env,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
    }

    done = subprocess.run(
        [sys.executable, str(program), name, bucket.name, FIXTURE_IMAGE, ROLE_ARN],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert bucket.keys("transformed/") == ["transformed/a.jsonl.out"]
    assert bucket.keys("processed/") == ["processed/a.jsonl.out"]
    assert bucket.keys("models/") == [f"models/{name}-train/output/model.tar.gz"]
    assert sagemaker.settled(f"{name}-endpoint")["EndpointStatus"] == "InService"


def test_the_sagemaker_sdk(
    aws_environment: dict[str, str], sagemaker: SageMaker, bucket: Bucket
) -> None:
    from sagemaker.core.resources import Endpoint, TransformJob

    bucket.put("in/a.jsonl", documents(2))
    model = sagemaker.create_model()
    request = sagemaker.transform_request(model, bucket.uri("in/"), bucket.uri("out/"))
    name = sagemaker.start("transform_job", request)
    endpoint = sagemaker.create_endpoint(
        sagemaker.create_config(model, InstanceType="ml.m5.large", InitialInstanceCount=1)
    )

    job = TransformJob.get(transform_job_name=name)
    job.wait(poll=1)
    answer = Endpoint.get(endpoint_name=endpoint).invoke(body=documents(1), content_type=JSON_LINES)

    assert job.transform_job_status == "Completed"
    assert any(each.transform_job_name == name for each in TransformJob.get_all())
    assert b"d0" in answer.body.read()


def test_boto3_waiters(sagemaker: SageMaker, bucket: Bucket) -> None:
    bucket.put("in/a.jsonl", documents(1))
    request = sagemaker.processing_request(bucket.uri("in/"), bucket.uri("out/"))
    name = sagemaker.start("processing_job", request)

    waiter = sagemaker.client.get_waiter("processing_job_completed_or_stopped")
    waiter.wait(ProcessingJobName=name, WaiterConfig={"Delay": 1})

    assert eventually(lambda: bucket.keys("out/"))
