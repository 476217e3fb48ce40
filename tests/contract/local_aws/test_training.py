"""Training jobs, managed spot included: artifacts, statuses, checkpoints, interruption."""

import io
import json
import tarfile
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws import LocalAws
from tests.support.sagemaker import Bucket, SageMaker, documents, eventually

NOUN = "training_job"


@pytest.fixture
def request_of(sagemaker: SageMaker, bucket: Bucket) -> dict[str, Any]:
    bucket.put("train/a.jsonl", documents(3))
    return sagemaker.training_request(bucket.uri("train/"), bucket.uri("models"), steps="3")


def spot(request: dict[str, Any], bucket: Bucket) -> dict[str, Any]:
    """``request`` as a managed spot job that takes some seconds."""
    return {
        **request,
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 30, "MaxWaitTimeInSeconds": 60},
        "CheckpointConfig": {"S3Uri": bucket.uri("checkpoints")},
        "Environment": {"FIXTURE_SLOW_S": "0.2"},
        "HyperParameters": {"steps": "8"},
    }


def interrupt(stack: LocalAws, name: str, **options: float) -> None:
    body = json.dumps(options).encode()
    url = f"{stack.sagemaker_url}/_local/training-jobs/{name}/interrupt"
    urllib.request.urlopen(urllib.request.Request(url, data=body)).close()


def artifact(bucket: Bucket, described: dict[str, Any]) -> dict[str, bytes]:
    """Files of the job's model.tar.gz."""
    uri = described["ModelArtifacts"]["S3ModelArtifacts"]
    with tarfile.open(fileobj=io.BytesIO(bucket.get(uri.removeprefix(bucket.uri(""))))) as tar:
        files = [member for member in tar.getmembers() if member.isfile()]
        return {member.name: tar.extractfile(member).read() for member in files}  # type: ignore[union-attr]


def secondary(described: dict[str, Any]) -> list[str]:
    return [entry["Status"] for entry in described["SecondaryStatusTransitions"]]


def test_a_job_leaves_its_artifact_and_its_states(
    sagemaker: SageMaker, bucket: Bucket, request_of: dict[str, Any]
) -> None:
    described = sagemaker.run(NOUN, request_of)

    files = artifact(bucket, described)
    assert json.loads(files["result.json"]) == {"step": 3, "runs": 1, "data": ["a.jsonl"]}
    assert secondary(described) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert described["SecondaryStatus"] == "Completed"
    assert described["BillableTimeInSeconds"] >= 1


def test_the_failure_file_is_the_reason(sagemaker: SageMaker, request_of: dict[str, Any]) -> None:
    request_of["HyperParameters"] = {"failure": "the labels are missing"}

    described = sagemaker.run(NOUN, request_of, "Failed")

    assert described["FailureReason"] == "AlgorithmError: the labels are missing, exit code: 1"
    assert described["SecondaryStatus"] == "Failed"


def test_stop_gives_notice_and_keeps_the_artifact(
    sagemaker: SageMaker, bucket: Bucket, request_of: dict[str, Any]
) -> None:
    request_of.update(
        Environment={"FIXTURE_SLOW_S": "30"},
        CheckpointConfig={"S3Uri": bucket.uri("checkpoints")},
    )
    name = sagemaker.start(NOUN, request_of)
    eventually(lambda: bucket.keys("checkpoints/"))

    sagemaker.client.stop_training_job(TrainingJobName=name)
    described = sagemaker.finished(NOUN, name)

    assert described["TrainingJobStatus"] == "Stopped"
    assert described["SecondaryStatus"] == "Stopped"
    assert artifact(bucket, described) == {"partial.txt": b"0"}


def test_the_time_limit_stops_the_job(sagemaker: SageMaker, request_of: dict[str, Any]) -> None:
    request_of.update(
        Environment={"FIXTURE_SLOW_S": "30"}, StoppingCondition={"MaxRuntimeInSeconds": 1}
    )

    described = sagemaker.run(NOUN, request_of, "Stopped")

    assert described["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_an_interrupted_spot_job_goes_on_from_its_checkpoint(
    local_aws: LocalAws, sagemaker: SageMaker, bucket: Bucket, request_of: dict[str, Any]
) -> None:
    request = spot(request_of, bucket)
    name = sagemaker.start(NOUN, request)
    eventually(lambda: "checkpoints/state.json" in bucket.keys("checkpoints/"))

    interrupt(local_aws, name, notice_s=5, capacity_after_s=0.3)
    eventually(lambda: sagemaker.describe(NOUN, name)["SecondaryStatus"] == "Interrupted")
    described = sagemaker.finished(NOUN, name)

    assert described["TrainingJobStatus"] == "Completed"
    statuses = secondary(described)
    assert statuses[:4] == ["Starting", "Downloading", "Training", "Interrupted"]
    assert statuses[4:7] == ["Starting", "Downloading", "Training"]
    result = json.loads(artifact(bucket, described)["result.json"])
    assert (result["step"], result["runs"]) == (8, 2)
    assert described["BillableTimeInSeconds"] < described["TrainingTimeInSeconds"]


def test_capacity_that_does_not_come_back_in_time_ends_the_job(
    local_aws: LocalAws, sagemaker: SageMaker, bucket: Bucket, request_of: dict[str, Any]
) -> None:
    request = spot(request_of, bucket)
    request["StoppingCondition"] = {"MaxRuntimeInSeconds": 2, "MaxWaitTimeInSeconds": 2}
    name = sagemaker.start(NOUN, request)
    eventually(lambda: sagemaker.describe(NOUN, name)["SecondaryStatus"] == "Training")

    interrupt(local_aws, name, capacity_after_s=600)
    described = sagemaker.finished(NOUN, name)

    assert described["TrainingJobStatus"] == "Stopped"
    assert described["SecondaryStatus"] == "MaxWaitTimeExceeded"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59}},
            "greater than or equal to MaxRuntimeInSeconds",
        ),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 60}}, "It must be present"),
        ({"EnableManagedSpotTraining": False}, "only supported when EnableManagedSpotTraining"),
    ],
)
def test_spot_conditions(
    sagemaker: SageMaker,
    bucket: Bucket,
    request_of: dict[str, Any],
    change: dict[str, Any],
    words: str,
) -> None:
    with pytest.raises(ClientError, match=words):
        sagemaker.start(NOUN, {**spot(request_of, bucket), **change})


def test_only_a_running_spot_job_can_be_interrupted(
    local_aws: LocalAws, sagemaker: SageMaker, request_of: dict[str, Any]
) -> None:
    name = sagemaker.run(NOUN, request_of)["TrainingJobName"]

    with pytest.raises(urllib.error.HTTPError, match="404"):
        interrupt(local_aws, name)


def test_names_and_unknown_jobs(sagemaker: SageMaker, request_of: dict[str, Any]) -> None:
    sagemaker.run(NOUN, request_of)

    with pytest.raises(ClientError, match="Training job names must be unique"):
        sagemaker.start(NOUN, request_of)
    with pytest.raises(ClientError, match=r"Requested resource not found\."):
        sagemaker.describe(NOUN, "nobody")
