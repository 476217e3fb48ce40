"""Which image a training job gets."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.adapters.aws.sagemaker.jobs.training_jobs import SageMakerTrainingJobs
from include.pipeline.versions.ports import TrainingRequest


class Exceptions:
    """What a boto3 client has under this name."""

    ClientError = ClientError


class SageMaker:
    """Takes training jobs, and knows of none."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []

    def describe_training_job(self, **_: str) -> None:
        error = {"Code": "ResourceNotFound", "Message": "no such job"}
        raise ClientError({"Error": error}, "DescribeTrainingJob")

    def create_training_job(self, **request: Any) -> None:
        self.created.append(request)


@pytest.mark.parametrize(
    ("parameters", "image"),
    [
        ({}, "training"),
        ({"method": "frozen"}, "training"),
        ({"method": "linear"}, "training"),
        ({"method": "fine-tune"}, "torch"),
    ],
)
def test_the_image_is_chosen_by_the_method(parameters: dict[str, str], image: str) -> None:
    sagemaker = SageMaker()
    jobs = SageMakerTrainingJobs(
        sagemaker,  # type: ignore[arg-type]
        image_uri="training",
        torch_image_uri="torch",
        role_arn="role",
    )
    request = TrainingRequest("job", "s3://b/data/", "s3://b/out", parameters, tags={})
    assert jobs.start(request) == "job"
    (created,) = sagemaker.created
    assert created["AlgorithmSpecification"]["TrainingImage"] == image
