"""Requests to SageMaker that tests share, and waiting for what they start."""

import io
import itertools
import json
import tarfile
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.support.local_aws import FIXTURE_IMAGE, ROLE_ARN, LocalAws

_NUMBERS = itertools.count(1)
JSON_LINES = "application/jsonlines"


def unique(stem: str) -> str:
    """A name no other test of this session uses."""
    return f"{stem}-{next(_NUMBERS)}"


def eventually(probe: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """Poll ``probe`` until it returns something true, and return that."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = probe()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"nothing true within {timeout_s} s")


def documents(count: int, stem: str = "d", text: str = "hello") -> bytes:
    """``count`` request lines."""
    lines = [json.dumps({"id": f"{stem}{number}", "text": text}) for number in range(count)]
    return "".join(line + "\n" for line in lines).encode()


class Bucket:
    """One bucket with short words for what tests do to it."""

    def __init__(self, stack: LocalAws, name: str) -> None:
        self._s3 = stack.client("s3")
        self.name = name
        self._s3.create_bucket(Bucket=name)

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def put(self, key: str, body: bytes) -> str:
        self._s3.put_object(Bucket=self.name, Key=key, Body=body)
        return self.uri(key)

    def put_model(self, key: str, label: str) -> str:
        """An artifact that makes the fixture program answer ``label``."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            info = tarfile.TarInfo("label.txt")
            info.size = len(label)
            tar.addfile(info, io.BytesIO(label.encode()))
        return self.put(key, buffer.getvalue())

    def get(self, key: str) -> bytes:
        return bytes(self._s3.get_object(Bucket=self.name, Key=key)["Body"].read())

    def lines(self, key: str) -> list[Any]:
        return [json.loads(line) for line in self.get(key).splitlines()]

    def keys(self, prefix: str = "") -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]


class SageMaker:
    """A SageMaker client with the requests of these tests."""

    def __init__(self, stack: LocalAws) -> None:
        self.client = stack.client("sagemaker")

    def create_model(self, model_data: str | None = None, **environment: str) -> str:
        name = unique("model")
        container: dict[str, Any] = {"Image": FIXTURE_IMAGE, "Environment": environment}
        if model_data is not None:
            container["ModelDataUrl"] = model_data
        self.client.create_model(
            ModelName=name, ExecutionRoleArn=ROLE_ARN, PrimaryContainer=container
        )
        return name

    def create_config(self, model: str, **variant: Any) -> str:
        name = unique("config")
        self.client.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{"VariantName": "AllTraffic", "ModelName": model, **variant}],
        )
        return name

    def create_endpoint(self, config: str, status: str = "InService") -> str:
        """Create an endpoint and wait for ``status``."""
        name = unique("endpoint")
        self.client.create_endpoint(EndpointName=name, EndpointConfigName=config)
        described = self.settled(name)
        assert described["EndpointStatus"] == status, described.get("FailureReason")
        return name

    def settled(self, endpoint: str) -> dict[str, Any]:
        """The endpoint's description once no change is in progress."""

        def probe() -> dict[str, Any] | None:
            answer = self.client.describe_endpoint(EndpointName=endpoint)
            return answer if answer["EndpointStatus"] in {"InService", "Failed"} else None

        return dict(eventually(probe))

    def transform_request(self, model: str, source: str, target: str) -> dict[str, Any]:
        """A multi-record transform of JSON Lines."""
        return {
            "TransformJobName": unique("transform"),
            "ModelName": model,
            "BatchStrategy": "MultiRecord",
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
                "ContentType": JSON_LINES,
                "SplitType": "Line",
            },
            "TransformOutput": {
                "S3OutputPath": target,
                "Accept": JSON_LINES,
                "AssembleWith": "Line",
            },
            "TransformResources": {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
        }

    def processing_request(self, source: str, target: str) -> dict[str, Any]:
        """The product's kind of processing job, on one instance."""
        return {
            "ProcessingJobName": unique("processing"),
            "RoleArn": ROLE_ARN,
            "AppSpecification": {
                "ImageUri": FIXTURE_IMAGE,
                "ContainerEntrypoint": ["python3", "/opt/program/entrypoint.py", "process"],
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.c5.xlarge",
                    "VolumeSizeInGB": 10,
                }
            },
            "ProcessingInputs": [
                s3_input("documents", source, S3DataDistributionType="ShardedByS3Key")
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "predictions",
                        "S3Output": {
                            "S3Uri": target,
                            "LocalPath": "/opt/ml/processing/output",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
        }

    def training_request(self, source: str, target: str, **parameters: str) -> dict[str, Any]:
        """A training job on demand."""
        channel = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}}
        return {
            "TrainingJobName": unique("training"),
            "RoleArn": ROLE_ARN,
            "AlgorithmSpecification": {
                "TrainingImage": FIXTURE_IMAGE,
                "TrainingInputMode": "File",
            },
            "HyperParameters": parameters,
            "InputDataConfig": [{"ChannelName": "training", "DataSource": channel}],
            "OutputDataConfig": {"S3OutputPath": target},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        }

    def start(self, noun: str, request: dict[str, Any]) -> str:
        """Create a job of ``noun`` (``transform_job``) and return its name."""
        getattr(self.client, f"create_{noun}")(**request)
        return str(request[_member(noun, "Name")])

    def describe(self, noun: str, name: str) -> dict[str, Any]:
        return dict(getattr(self.client, f"describe_{noun}")(**{_member(noun, "Name"): name}))

    def finished(self, noun: str, name: str) -> dict[str, Any]:
        """The job's description once it has ended."""
        return self.reached(noun, name, {"Completed", "Failed", "Stopped"})

    def reached(self, noun: str, name: str, statuses: Iterable[str]) -> dict[str, Any]:
        """The job's description once its status is one of ``statuses``."""

        def probe() -> dict[str, Any] | None:
            answer = self.describe(noun, name)
            return answer if answer[_member(noun, "Status")] in statuses else None

        return dict(eventually(probe))

    def run(self, noun: str, request: dict[str, Any], status: str = "Completed") -> dict[str, Any]:
        """Create a job, wait for its end and require its last status."""
        answer = self.finished(noun, self.start(noun, request))
        assert answer[_member(noun, "Status")] == status, answer.get("FailureReason")
        return answer


def s3_input(name: str, uri: str, **members: str) -> dict[str, Any]:
    """A processing input from S3."""
    source = {
        "S3Uri": uri,
        "LocalPath": f"/opt/ml/processing/input/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        **members,
    }
    return {"InputName": name, "S3Input": source}


def _member(noun: str, suffix: str) -> str:
    return noun.title().replace("_", "") + suffix
