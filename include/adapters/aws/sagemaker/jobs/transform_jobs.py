"""The transform lane: SageMaker calls our server with mini-batches of whole lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from include.adapters.aws.sagemaker.jobs.lane_jobs import LaneJobs
from include.adapters.aws.sagemaker.sagemaker_models import ensure_model, tag_list
from include.domain.execution.jobs import JobSpec, TransformSizing
from include.domain.lanes import Lane

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import TransformResourcesTypeDef

JSON_LINES = "application/jsonlines"
SAGEMAKER_DEFAULT = TransformSizing(max_payload_mb=6, max_concurrent=1)


class TransformJobs(LaneJobs):
    """Jobs of the transform lane.

    Batch Transform has no stopping condition: `JobSpec.max_runtime_s` is for the caller's
    watchdog to hold, by `stop`.
    """

    lane = Lane.TRANSFORM
    kind = "Transform"

    def _create(self, spec: JobSpec, artifact_url: str) -> None:
        model_name = ensure_model(
            self._client,
            spec.model,
            artifact_url=artifact_url,
            site=self._site,
            instance_type=spec.instance_type,
        )
        sizing = spec.sizing or SAGEMAKER_DEFAULT
        data_type, uri = self._shards(spec)
        self._client.create_transform_job(
            TransformJobName=spec.name,
            ModelName=model_name,
            MaxPayloadInMB=sizing.max_payload_mb,
            MaxConcurrentTransforms=sizing.max_concurrent,
            BatchStrategy="SingleRecord" if sizing.is_single_record else "MultiRecord",
            Environment=spec.environment,
            TransformInput={
                "DataSource": {"S3DataSource": {"S3DataType": data_type, "S3Uri": uri}},
                "ContentType": JSON_LINES,
                "SplitType": "Line",
            },
            TransformOutput={
                "S3OutputPath": spec.output_prefix,
                "Accept": JSON_LINES,
                "AssembleWith": "Line",
            },
            TransformResources=self._resources(spec),
            Tags=tag_list(self._tags(spec)),
        )

    def _resources(self, spec: JobSpec) -> TransformResourcesTypeDef:
        resources: TransformResourcesTypeDef = {
            "InstanceType": cast(Any, spec.instance_type),
            "InstanceCount": spec.instance_count,
        }
        if self._site.transform_ami and self._site.has_gpu_image(spec.instance_type):
            resources["TransformAmiVersion"] = self._site.transform_ami
        return resources

    def _describe(self, name: str) -> Mapping[str, Any]:
        return self._client.describe_transform_job(TransformJobName=name)

    def _stop(self, name: str) -> None:
        self._client.stop_transform_job(TransformJobName=name)
