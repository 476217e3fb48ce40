"""SageMaker training jobs, for releasing a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from include.adapters.aws.sagemaker.jobs.job_attempts import JobAttempts
from include.adapters.aws.sagemaker.sagemaker_models import tag_list
from include.pipeline.versions.ports import TrainingRequest

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

TORCH_METHODS = frozenset({"fine-tune"})
"""Methods of `train` that need the torch image."""


class SageMakerTrainingJobs:
    """`TrainingJobs` on SageMaker.

    Args:
        client: SageMaker's control plane.
        image_uri: the training image.
        torch_image_uri: the same with torch, for what is trained end to end.
        role_arn: what the job may do.
        instance_type: where a job runs that names none; one instance.
        max_runtime_s: SageMaker stops the job after that.
        poll_s: pause between two looks at the job.
        sleep: pauses, seconds.
    """

    def __init__(
        self,
        client: SageMakerClient,
        *,
        image_uri: str,
        torch_image_uri: str,
        role_arn: str,
        instance_type: str = "ml.m5.large",
        max_runtime_s: int = 6 * 3600,
        poll_s: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._jobs = JobAttempts(
            "training job",
            "TrainingJobStatus",
            lambda name: client.describe_training_job(TrainingJobName=name),
        )
        self._image_uri = image_uri
        self._torch_image_uri = torch_image_uri
        self._role_arn = role_arn
        self._instance_type = instance_type
        self._max_runtime_s = max_runtime_s
        self._poll_s = poll_s
        self._sleep = sleep

    def run(self, request: TrainingRequest) -> str:
        """See `TrainingJobs.run`."""
        name = self.start(request)
        while (artifact_uri := self.artifact(name)) is None:
            self._sleep(self._poll_s)
        return artifact_uri

    def start(self, request: TrainingRequest) -> str:
        """See `TrainingJobs.start`."""
        return self._jobs.start(request.name, partial(self._create, request))

    def artifact(self, job_name: str) -> str | None:
        """See `TrainingJobs.artifact`."""
        job = self._jobs.completed(job_name)
        return None if job is None else str(job["ModelArtifacts"]["S3ModelArtifacts"])

    def _create(self, request: TrainingRequest, name: str) -> None:
        self._client.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={
                "TrainingImage": self._image_of(request.parameters),
                "TrainingInputMode": "File",
            },
            RoleArn=self._role_arn,
            HyperParameters=dict(request.parameters),
            InputDataConfig=[
                {
                    "ChannelName": "training",
                    "ContentType": "application/jsonlines",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": request.data_prefix,
                            "S3DataDistributionType": "FullyReplicated",
                        }
                    },
                }
            ],
            OutputDataConfig={"S3OutputPath": request.output_prefix},
            ResourceConfig={
                "InstanceType": cast(Any, request.instance_type or self._instance_type),
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
            },
            StoppingCondition={"MaxRuntimeInSeconds": self._max_runtime_s},
            Tags=tag_list(request.tags),
        )

    def _image_of(self, parameters: Mapping[str, str]) -> str:
        needs_torch = parameters.get("method") in TORCH_METHODS
        return self._torch_image_uri if needs_torch else self._image_uri
