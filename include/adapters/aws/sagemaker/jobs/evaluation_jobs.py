"""SageMaker Processing jobs with the `evaluate` command, each on the engine of its instance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

from include.adapters.aws.sagemaker.jobs.job_attempts import JobAttempts
from include.adapters.aws.sagemaker.sagemaker_models import image_on, tag_list
from include.pipeline.release.release_ports import EvaluationRequest

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import ProcessingInputTypeDef

ENTRYPOINT = ("python3", "/opt/program/entrypoint.py", "evaluate")
ROOT = "/opt/ml/processing"


class SageMakerEvaluationJobs:
    """`EvaluationJobs` on SageMaker.

    Args:
        client: SageMaker's control plane.
        image_uri: the training image.
        gpu_image_uri: the torch image, for instances with a GPU; empty for the one above.
        role_arn: what the job may do.
        max_runtime_s: SageMaker stops the job after that.
    """

    def __init__(
        self,
        client: SageMakerClient,
        *,
        image_uri: str,
        gpu_image_uri: str = "",
        role_arn: str,
        max_runtime_s: int = 3600,
    ) -> None:
        self._client = client
        self._jobs = JobAttempts(
            "evaluation job",
            "ProcessingJobStatus",
            lambda name: client.describe_processing_job(ProcessingJobName=name),
        )
        self._image_uri = image_uri
        self._gpu_image_uri = gpu_image_uri
        self._role_arn = role_arn
        self._max_runtime_s = max_runtime_s

    def start(self, request: EvaluationRequest) -> str:
        """See `EvaluationJobs.start`."""
        return self._jobs.start(request.name, partial(self._create, request))

    def is_done(self, job_name: str) -> bool:
        """See `EvaluationJobs.is_done`."""
        return self._jobs.completed(job_name) is not None

    def _create(self, request: EvaluationRequest, name: str) -> None:
        models = [
            _input(f"model-{key}", f"models/{key}", uri) for key, uri in request.models.items()
        ]
        self._client.create_processing_job(
            ProcessingJobName=name,
            RoleArn=self._role_arn,
            AppSpecification={
                "ImageUri": image_on(request.instance_type, self._image_uri, self._gpu_image_uri),
                "ContainerEntrypoint": list(ENTRYPOINT),
            },
            ProcessingInputs=[
                _input("documents", "documents", request.documents_prefix),
                _input("config", "config", request.config_uri),
                *models,
            ],
            ProcessingOutputConfig={
                "Outputs": [
                    {
                        "OutputName": "evaluation",
                        "S3Output": {
                            "S3Uri": request.output_prefix.rstrip("/"),
                            "LocalPath": f"{ROOT}/output",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
            ProcessingResources={
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": cast(Any, request.instance_type),
                    "VolumeSizeInGB": 30,
                }
            },
            Environment={"INSTANCE_TYPE": request.instance_type},
            StoppingCondition={"MaxRuntimeInSeconds": self._max_runtime_s},
            Tags=tag_list(request.tags),
        )


def _input(name: str, folder: str, s3_uri: str) -> ProcessingInputTypeDef:
    data_type: Literal["S3Prefix"] = "S3Prefix"
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": s3_uri,
            "LocalPath": f"{ROOT}/input/{folder}",
            "S3DataType": data_type,
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
        },
    }
