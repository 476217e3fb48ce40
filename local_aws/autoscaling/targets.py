"""Scalable targets: what may be scaled, between which limits."""

import uuid
from typing import Any, Protocol

from local_aws.autoscaling.pages import page
from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.errors import ApiError, validation_exception
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

KIND = "ScalableTarget"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_ROLE = (
    "arn:aws:iam::{account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
_UNSUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


class Policies(Protocol):
    """What goes when a target goes."""

    async def delete_all(self, resource_id: str) -> None:
        """Delete a target's policies and their alarms."""


class Resources(Protocol):
    """Knows what can be scaled."""

    def capacity(self, endpoint: str, variant: str) -> object:
        """A variant's capacity. Raises ApiError where there is no such variant."""


def variant_of(resource_id: str) -> tuple[str, str]:
    """Endpoint and variant of ``endpoint/NAME/variant/NAME``.

    Raises:
        ApiError: ValidationException, another form.
    """
    parts = resource_id.split("/")
    if len(parts) != 4 or (parts[0], parts[2]) != ("endpoint", "variant"):
        raise validation_exception(f"Unsupported resource ID: {resource_id}")
    return parts[1], parts[3]


def check_scope(request: dict[str, Any]) -> None:
    """Refuse namespaces and dimensions that are not scaled here.

    Raises:
        ApiError: ValidationException.
    """
    if request["ServiceNamespace"] != "sagemaker":
        raise validation_exception(
            f"The embedded Application Auto Scaling scales sagemaker alone, not "
            f"{request['ServiceNamespace']}."
        )
    if request.get("ScalableDimension", DIMENSION) != DIMENSION:
        raise validation_exception(
            f"The embedded Application Auto Scaling scales {DIMENSION} alone, not "
            f"{request['ScalableDimension']}."
        )


def find_target(platform: Platform, resource_id: str) -> Record:
    """The registered target.

    Raises:
        ApiError: ObjectNotFoundException.
    """
    record = platform.store.get(KIND, resource_id)
    if record is None:
        raise ApiError(
            "ObjectNotFoundException",
            f"No scalable target found for service namespace: sagemaker, resource ID: "
            f"{resource_id}, scalable dimension: {DIMENSION}",
        )
    return record


class ScalableTargets:
    """The operations on scalable targets."""

    def __init__(self, platform: Platform, resources: Resources, policies: Policies) -> None:
        self._platform = platform
        self._resources = resources
        self._policies = policies

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {
            "RegisterScalableTarget": self.register,
            "DeregisterScalableTarget": self.deregister,
            "DescribeScalableTargets": self.describe,
        }

    async def register(self, request: dict[str, Any]) -> dict[str, Any]:
        """Register a target, or change what the request names of one that stands."""
        check_scope(request)
        platform, resource_id = self._platform, request["ResourceId"]
        self._resources.capacity(*variant_of(resource_id))
        record = platform.store.get(KIND, resource_id)
        known = record.request if record is not None else {}
        if record is None and not {"MinCapacity", "MaxCapacity"} <= request.keys():
            raise validation_exception("MinCapacity and MaxCapacity are required.")
        members = {**known, **request}
        suspended = {
            **known.get("SuspendedState", _UNSUSPENDED),
            **request.get("SuspendedState", {}),
        }
        members["SuspendedState"] = suspended
        members.setdefault("RoleARN", _ROLE.format(account=platform.settings.account_id))
        if not 0 <= members["MinCapacity"] <= members["MaxCapacity"]:
            raise validation_exception(
                f"Maximum capacity {members['MaxCapacity']} cannot be less than minimum capacity "
                f"{members['MinCapacity']}, which cannot be negative."
            )
        if record is None:
            settings, number = platform.settings, uuid.uuid4().hex
            arn = (
                f"arn:aws:application-autoscaling:{settings.region}:{settings.account_id}:"
                f"scalable-target/{number}"
            )
            record = Record(KIND, resource_id, arn, now_s(), members, {})
        record.request = members
        platform.store.save(record)
        return {"ScalableTargetARN": record.arn}

    async def deregister(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a target with its policies and their alarms."""
        check_scope(request)
        record = find_target(self._platform, request["ResourceId"])
        await self._policies.delete_all(record.name)
        self._platform.store.delete(record)
        return {}

    async def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """The targets that match."""
        check_scope(request)
        wanted = request.get("ResourceIds")
        targets = [
            {**record.request, "CreationTime": record.created_s, "ScalableTargetARN": record.arn}
            for record in self._platform.store.of_kind(KIND)
            if not wanted or record.name in wanted
        ]
        return page("ScalableTargets", targets, request)
