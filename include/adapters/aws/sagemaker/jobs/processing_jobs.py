"""The processing lane: our serving image, once over the shards of one instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from include.adapters.aws.sagemaker.jobs.lane_jobs import LaneJobs
from include.adapters.aws.sagemaker.sagemaker_models import tag_list
from include.domain.execution.jobs import JobSpec
from include.domain.lanes import Lane

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import ProcessingInputTypeDef

ENTRYPOINT = ("python3", "/opt/program/entrypoint.py", "process")
ROOT = "/opt/ml/processing"
VOLUME_GB = 30


class ProcessingJobs(LaneJobs):
    """Jobs of the processing lane.

    Outputs are uploaded while the job runs: those that stand when an instance is lost are kept.
    """

    lane = Lane.PROCESSING
    kind = "Processing"

    def _create(self, spec: JobSpec, artifact_url: str) -> None:
        self._client.create_processing_job(
            ProcessingJobName=spec.name,
            RoleArn=self._site.role_arn,
            AppSpecification={
                "ImageUri": self._site.image_on(spec.instance_type),
                "ContainerEntrypoint": list(ENTRYPOINT),
            },
            ProcessingInputs=[
                _input("documents", *self._shards(spec), "ShardedByS3Key"),
                _input("model", "S3Prefix", artifact_url, "FullyReplicated"),
            ],
            ProcessingOutputConfig={
                "Outputs": [
                    {
                        "OutputName": "predictions",
                        "S3Output": {
                            "S3Uri": spec.output_prefix,
                            "LocalPath": f"{ROOT}/output",
                            "S3UploadMode": "Continuous",
                        },
                    }
                ]
            },
            ProcessingResources={
                "ClusterConfig": {
                    "InstanceCount": spec.instance_count,
                    "InstanceType": cast(Any, spec.instance_type),
                    "VolumeSizeInGB": VOLUME_GB,
                }
            },
            Environment=spec.environment,
            StoppingCondition={"MaxRuntimeInSeconds": spec.max_runtime_s},
            Tags=tag_list(self._tags(spec)),
        )

    def _describe(self, name: str) -> Mapping[str, Any]:
        return self._client.describe_processing_job(ProcessingJobName=name)

    def _stop(self, name: str) -> None:
        self._client.stop_processing_job(ProcessingJobName=name)


def _input(
    name: str,
    data_type: Literal["S3Prefix", "ManifestFile"],
    s3_uri: str,
    distribution: Literal["FullyReplicated", "ShardedByS3Key"],
) -> ProcessingInputTypeDef:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": s3_uri,
            "LocalPath": f"{ROOT}/input/{name}",
            "S3DataType": data_type,
            "S3InputMode": "File",
            "S3DataDistributionType": distribution,
        },
    }
