"""The spot lane: a managed spot training job that runs inference, or the same job on demand.

Neither Processing nor Batch Transform can be had on spot capacity; only training jobs can
(`EnableManagedSpotTraining`). The container's `infer` command reads two channels and writes each
shard's output as a checkpoint. The checkpoint prefix is the batch's output prefix, so an output
stands where every lane leaves it as soon as SageMaker has copied it, and comes back to the
instance when the job goes on after an interruption.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from include.adapters.aws.sagemaker.jobs.lane_jobs import LaneJobs
from include.adapters.aws.sagemaker.sagemaker_models import tag_list
from include.domain.execution.jobs import JobPhase, JobSpec, JobStatus
from include.domain.lanes import Lane
from include.domain.money.costs import Capacity

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import ChannelTypeDef, StoppingConditionTypeDef

ENTRYPOINT = ("python3", "/opt/program/entrypoint.py", "infer")
CHECKPOINTS = "/opt/ml/checkpoints"
VOLUME_GB = 30


class SpotJobs(LaneJobs):
    """Jobs of the spot lane, on spot or on demand."""

    lane = Lane.SPOT
    kind = "Training"

    def _create(self, spec: JobSpec, artifact_url: str) -> None:
        self._client.create_training_job(
            TrainingJobName=spec.name,
            AlgorithmSpecification={
                "TrainingImage": self._site.image_on(spec.instance_type),
                "TrainingInputMode": "File",
                "ContainerEntrypoint": list(ENTRYPOINT),
            },
            RoleArn=self._site.role_arn,
            InputDataConfig=[
                _channel("documents", *self._shards(spec)),
                _channel("model", "S3Prefix", artifact_url),
            ],
            OutputDataConfig={"S3OutputPath": _folder(spec.output_prefix, "jobs")},
            # The slash matters: without it whatever else begins so is brought back as well.
            CheckpointConfig={
                "S3Uri": spec.output_prefix.rstrip("/") + "/",
                "LocalPath": CHECKPOINTS,
            },
            ResourceConfig={
                "InstanceType": cast(Any, spec.instance_type),
                "InstanceCount": spec.instance_count,
                "VolumeSizeInGB": VOLUME_GB,
            },
            EnableManagedSpotTraining=spec.capacity is Capacity.SPOT,
            StoppingCondition=_stopping(spec),
            Environment=spec.environment,
            Tags=tag_list({**self._tags(spec), "twolane:capacity": spec.capacity.value}),
        )

    def _describe(self, name: str) -> Mapping[str, Any]:
        return self._client.describe_training_job(TrainingJobName=name)

    def _stop(self, name: str) -> None:
        self._client.stop_training_job(TrainingJobName=name)

    def _observe(self, answer: Mapping[str, Any]) -> JobStatus:
        seen = super()._observe(answer)
        return JobStatus(
            state=seen.state,
            failure_reason=seen.failure_reason,
            started_at=seen.started_at,
            ended_at=seen.ended_at,
            created_at=seen.created_at,
            held_s=answer.get("TrainingTimeInSeconds"),
            billable_s=answer.get("BillableTimeInSeconds"),
            phases=tuple(
                JobPhase(
                    name=each["Status"],
                    started_at=each["StartTime"],
                    ended_at=each.get("EndTime"),
                    message=each.get("StatusMessage", ""),
                )
                for each in answer.get("SecondaryStatusTransitions", ())
            ),
        )


def _stopping(spec: JobSpec) -> StoppingConditionTypeDef:
    if spec.capacity is Capacity.ON_DEMAND:  # a waiting time is refused then
        return {"MaxRuntimeInSeconds": spec.max_runtime_s}
    return {
        "MaxRuntimeInSeconds": spec.max_runtime_s,
        "MaxWaitTimeInSeconds": max(spec.max_wait_s or 0, spec.max_runtime_s),
    }


def _channel(name: str, data_type: Literal["S3Prefix", "ManifestFile"], uri: str) -> ChannelTypeDef:
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": data_type,
                "S3Uri": uri,
                "S3DataDistributionType": "FullyReplicated",
            }
        },
    }


def _folder(prefix: str, sibling: str) -> str:
    """Return the prefix of another name beside `prefix`."""
    return f"{prefix.rstrip('/').rpartition('/')[0]}/{sibling}/"
