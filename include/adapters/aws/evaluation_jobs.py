"""SageMaker Processing jobs with the training image's `evaluate` command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker_models import already_exists, not_found, tag_list
from include.adapters.aws.training_jobs import CONTAINER_FAILED
from include.domain.errors import ReleaseFailed, ReleaseRejected
from include.pipeline.release.release_ports import EvaluationRequest

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import ProcessingInputTypeDef

ENTRYPOINT = ("python3", "/opt/program/entrypoint.py", "evaluate")
ROOT = "/opt/ml/processing"
MAX_ATTEMPTS = 9
"""A job's name is taken for good, so each new attempt after a failure gets a number."""


class SageMakerEvaluationJobs:
    """`EvaluationJobs` on SageMaker.

    Args:
        client: SageMaker's control plane.
        image_uri: the training image.
        role_arn: what the job may do.
        max_runtime_s: SageMaker stops the job after that.
    """

    def __init__(
        self,
        client: SageMakerClient,
        *,
        image_uri: str,
        role_arn: str,
        max_runtime_s: int = 3600,
    ) -> None:
        self._client = client
        self._image_uri = image_uri
        self._role_arn = role_arn
        self._max_runtime_s = max_runtime_s

    def start(self, request: EvaluationRequest) -> str:
        """See `EvaluationJobs.start`."""
        try:
            for attempt in range(1, MAX_ATTEMPTS + 1):
                name = request.name if attempt == 1 else f"{request.name}-{attempt}"
                job = self._describe(name)
                if job is None:
                    self._create(name, request)
                    return name
                if job["ProcessingJobStatus"] in ("Completed", "InProgress"):
                    return name
        except AwsError as exc:
            raise ReleaseFailed(f"evaluation job {request.name}: {explain(exc)}") from exc
        raise ReleaseFailed(f"evaluation job {request.name} failed {MAX_ATTEMPTS} times")

    def is_done(self, job_name: str) -> bool:
        """See `EvaluationJobs.is_done`."""
        try:
            job = self._describe(job_name) or {}
        except AwsError as exc:
            raise ReleaseFailed(f"evaluation job {job_name}: {explain(exc)}") from exc
        match job.get("ProcessingJobStatus"):
            case "Completed":
                return True
            case "InProgress" | "Stopping":
                return False
            case status:
                reason = job.get("FailureReason", "no reason given")
                is_its_own = str(reason).startswith(CONTAINER_FAILED)
                failure = ReleaseRejected if is_its_own else ReleaseFailed
                raise failure(f"evaluation job {job_name} is {status or 'gone'}: {reason}")

    def _create(self, name: str, request: EvaluationRequest) -> None:
        models = [
            _input(f"model-{key}", f"models/{key}", uri) for key, uri in request.models.items()
        ]
        try:
            self._client.create_processing_job(
                ProcessingJobName=name,
                RoleArn=self._role_arn,
                AppSpecification={
                    "ImageUri": self._image_uri,
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
        except self._client.exceptions.ClientError as exc:
            if not already_exists(exc):  # else another look started it just now
                raise

    def _describe(self, name: str) -> dict[str, Any] | None:
        try:
            return cast(
                dict[str, Any], self._client.describe_processing_job(ProcessingJobName=name)
            )
        except self._client.exceptions.ClientError as exc:
            if not_found(exc):
                return None
            raise


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
