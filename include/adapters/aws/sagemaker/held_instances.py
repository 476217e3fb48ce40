"""What of ours holds instances on SageMaker: found by name and tag, and let go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from include.adapters.aws.cloudwatch.endpoint_alarms import EndpointAlarms
from include.adapters.aws.errors import AwsError, error_message, explain
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import EndpointScaling
from include.adapters.aws.sagemaker.deployed_versions import version_of
from include.adapters.aws.sagemaker.sagemaker_models import COST_TAGS, not_found
from include.domain.errors import EndpointUnavailable
from include.domain.gpus.resources import HeldInstances, ResourceKind
from include.domain.gpus.savings import Action
from include.domain.promotion.retirement import VersionKey

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_PREFIX = "twolane-"
_OURS = (*COST_TAGS.items(), ("project", "twolane"))
"""Either tag says that it is ours: batches' things bear the first, releases' jobs the other."""


@dataclass(frozen=True, slots=True)
class _JobKind:
    """What SageMaker calls one kind of job, and where a description has its instances."""

    kind: ResourceKind
    noun: str
    resources: tuple[str, ...]

    @property
    def operation(self) -> str:
        """`transform_job`, as operations name it."""
        return f"{self.noun.lower()}_job"


_JOBS = (
    _JobKind(ResourceKind.TRANSFORM_JOB, "Transform", ("TransformResources",)),
    _JobKind(ResourceKind.TRAINING_JOB, "Training", ("ResourceConfig",)),
    _JobKind(ResourceKind.PROCESSING_JOB, "Processing", ("ProcessingResources", "ClusterConfig")),
)


class SageMakerInstances:
    """`Instances` on SageMaker. What does not bear our tags is not ours.

    Args:
        control: SageMaker's control plane.
        scaling: of asynchronous endpoints.
        alarms: of endpoints.
    """

    def __init__(
        self, control: SageMakerClient, scaling: EndpointScaling, alarms: EndpointAlarms
    ) -> None:
        self._control: Any = control
        self._scaling = scaling
        self._alarms = alarms

    def held(self) -> Sequence[HeldInstances]:
        """See `Instances.held`."""
        try:
            jobs = [found for kind in _JOBS for found in self._jobs(kind)]
            return [*self._endpoints(), *jobs]
        except AwsError as exc:
            raise EndpointUnavailable(f"listing what holds instances: {explain(exc)}") from exc

    def version(self, resource: HeldInstances) -> VersionKey | None:
        """See `Instances.version`."""
        return version_of(resource.resource_id)

    def release(self, resource: HeldInstances, action: Action) -> None:
        """See `Instances.release`."""
        try:
            match action:
                case Action.SCALE_TO_ZERO:
                    self._scale(resource.resource_id, 0)
                case Action.SCALE_TO_ONE:
                    self._scale(resource.resource_id, 1)
                case Action.DELETE:
                    self._delete(resource.resource_id)
                case Action.STOP:
                    self._stop(resource)
        except AwsError as exc:
            what = f"{resource.kind.words} {resource.resource_id}"
            raise EndpointUnavailable(f"{what}: {explain(exc)}") from exc

    def _endpoints(self) -> Iterator[HeldInstances]:
        pages = self._control.get_paginator("list_endpoints").paginate(NameContains=_PREFIX)
        for summary in (each for page in pages for each in page["Endpoints"]):
            name = summary["EndpointName"]
            tags = self._tags(name, summary["EndpointArn"])
            if tags is None or summary["EndpointStatus"] == "Deleting":
                continue
            try:
                found = self._control.describe_endpoint(EndpointName=name)
            except AwsError as exc:
                if not_found(exc):
                    continue
                raise
            yield self._endpoint(found, tags)

    def _endpoint(self, found: Mapping[str, Any], tags: Mapping[str, str]) -> HeldInstances:
        """Make one of DescribeEndpoint's answer. Ours have one variant."""
        config = self._config(found["EndpointConfigName"])
        is_async = "AsyncInferenceConfig" in config
        variants = found.get("ProductionVariants", ())
        is_settled = found["EndpointStatus"] == "InService"
        return HeldInstances(
            resource_id=found["EndpointName"],
            kind=ResourceKind.ASYNC_ENDPOINT if is_async else ResourceKind.ENDPOINT,
            instance_type=next(
                (each.get("InstanceType", "") for each in config.get("ProductionVariants", ())), ""
            ),
            instances=sum(variant.get("CurrentInstanceCount", 0) for variant in variants),
            made_at=found["CreationTime"],
            working_since=found["LastModifiedTime"] if is_settled else None,
            tags=tags,
            is_settled=is_settled,
        )

    def _config(self, name: str) -> Mapping[str, Any]:
        """Return an endpoint's configuration; nothing where it was deleted, as AWS allows."""
        try:
            found: Mapping[str, Any] = self._control.describe_endpoint_config(
                EndpointConfigName=name
            )
        except AwsError as exc:
            if not_found(exc):
                return {}
            raise
        return found

    def _jobs(self, kind: _JobKind) -> Iterator[HeldInstances]:
        listing = self._control.get_paginator(f"list_{kind.operation}s")
        describe = getattr(self._control, f"describe_{kind.operation}")
        member = f"{kind.noun}JobName"
        pages = listing.paginate(NameContains=_PREFIX, StatusEquals="InProgress")
        for summary in (each for page in pages for each in page[f"{kind.noun}JobSummaries"]):
            name = summary[member]
            tags = self._tags(name, summary[f"{kind.noun}JobArn"])
            if tags is not None:
                yield _job(kind, name, describe(**{member: name}), tags)

    def _tags(self, name: str, arn: str) -> dict[str, str] | None:
        """Return the tags of a thing of ours; None of another's."""
        if not name.startswith(_PREFIX):
            return None
        pages = self._control.get_paginator("list_tags").paginate(ResourceArn=arn)
        tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
        return tags if any(item in tags.items() for item in _OURS) else None

    def _scale(self, name: str, instances: int) -> None:
        found = self._control.describe_endpoint(EndpointName=name)
        (variant,) = found["ProductionVariants"]
        self._control.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[
                {"VariantName": variant["VariantName"], "DesiredInstanceCount": instances}
            ],
        )

    def _delete(self, name: str) -> None:
        self._scaling.remove(name)
        try:
            self._control.delete_endpoint(EndpointName=name)
        except AwsError as exc:
            if not not_found(exc):
                raise
        self._alarms.delete(name)

    def _stop(self, resource: HeldInstances) -> None:
        kind = next(each for each in _JOBS if each.kind is resource.kind)
        stop = getattr(self._control, f"stop_{kind.operation}")
        try:
            stop(**{f"{kind.noun}JobName": resource.resource_id})
        except AwsError as exc:
            if not (not_found(exc) or _has_ended(exc)):
                raise


def _job(
    kind: _JobKind, name: str, found: Mapping[str, Any], tags: Mapping[str, str]
) -> HeldInstances:
    resources: Mapping[str, Any] = found
    for key in kind.resources:
        resources = resources[key]
    started_at: datetime | None = found.get(f"{kind.noun}StartTime")
    limit_s = found.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    return HeldInstances(
        resource_id=name,
        kind=kind.kind,
        instance_type=resources.get("InstanceType", ""),
        instances=resources.get("InstanceCount", 0),
        made_at=found["CreationTime"],
        working_since=started_at,
        tags=tags,
        limit_s=None if limit_s is None else float(limit_s),
    )


def _has_ended(exc: Exception) -> bool:
    """Whether a stop was refused because the job has ended meanwhile."""
    message = error_message(exc).lower()
    return "status" in message and any(
        state in message for state in ("completed", "failed", "stopped", "stopping")
    )
