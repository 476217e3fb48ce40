"""Scaling policies, and the alarms that target tracking keeps for itself."""

import uuid
from typing import Any

from local_aws.alarms.cloudwatch_alarms import CloudWatchAlarms
from local_aws.autoscaling.pages import page
from local_aws.autoscaling.targets import check_scope, find_target
from local_aws.autoscaling.tracking_alarms import tracking_alarms
from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.errors import ApiError, validation_exception
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

KIND = "ScalingPolicy"
_CONFIGURATIONS = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
}


class ScalingPolicies:
    """The operations on scaling policies."""

    def __init__(self, platform: Platform, alarms: CloudWatchAlarms) -> None:
        self._platform = platform
        self._alarms = alarms

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {
            "PutScalingPolicy": self.put,
            "DeleteScalingPolicy": self.delete,
            "DescribeScalingPolicies": self.describe,
        }

    def by_arn(self, arn: str) -> Record | None:
        """The policy of that ARN, or None."""
        policies = self._platform.store.of_kind(KIND)
        return next((record for record in policies if record.arn == arn), None)

    def of(self, resource_id: str) -> list[Record]:
        """The policies of one target."""
        policies = self._platform.store.of_kind(KIND)
        return [record for record in policies if record.request["ResourceId"] == resource_id]

    async def put(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create or change a policy, and with it the alarms of target tracking."""
        check_scope(request)
        resource_id, name = request["ResourceId"], request["PolicyName"]
        find_target(self._platform, resource_id)
        record = self._platform.store.get(KIND, _key(resource_id, name))
        kind = request.get("PolicyType") or (
            record.request["PolicyType"] if record is not None else "StepScaling"
        )
        if kind not in _CONFIGURATIONS:
            raise validation_exception(f"PolicyType {kind} is not implemented here.")
        if record is not None and record.request["PolicyType"] != kind:
            raise validation_exception("The policy type of a scaling policy cannot be changed.")
        member = _CONFIGURATIONS[kind]
        config = {**(record.request[member] if record else {}), **request.get(member, {})}
        _check(kind, config)
        members = {**request, "PolicyType": kind, member: config}
        if record is None:
            record = Record(KIND, _key(resource_id, name), self._arn(request), now_s(), members, {})
        record.request = members
        if kind == "TargetTrackingScaling":
            await self._put_alarms(record, config)
        self._platform.store.save(record)
        return {"PolicyARN": record.arn, "Alarms": record.fields.get("Alarms", [])}

    async def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """Delete a policy and its own alarms; alarms that users made stay."""
        check_scope(request)
        key = _key(request["ResourceId"], request["PolicyName"])
        record = self._platform.store.get(KIND, key)
        if record is None:
            raise ApiError(
                "ObjectNotFoundException", f"No scaling policy found for {request['PolicyName']}"
            )
        await self._delete(record)
        return {}

    async def delete_all(self, resource_id: str) -> None:
        """Delete the policies of one target."""
        for record in self.of(resource_id):
            await self._delete(record)

    async def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """The policies that match."""
        check_scope(request)
        names, resource_id = request.get("PolicyNames"), request.get("ResourceId")
        policies = [
            {
                **record.request,
                "PolicyARN": record.arn,
                "CreationTime": record.created_s,
                "Alarms": record.fields.get("Alarms", []),
            }
            for record in self._platform.store.of_kind(KIND)
            if (not names or record.request["PolicyName"] in names)
            and resource_id in (None, record.request["ResourceId"])
        ]
        return page("ScalingPolicies", policies, request)

    async def _put_alarms(self, record: Record, config: dict[str, Any]) -> None:
        numbers = record.fields.setdefault("AlarmNumbers", [str(uuid.uuid4()) for _ in range(2)])
        alarms = tracking_alarms(record.request["ResourceId"], record.arn, config, numbers)
        made = []
        for alarm in alarms:
            arn = await self._platform.s3.in_thread(self._alarms.put, alarm)
            made.append({"AlarmName": alarm["AlarmName"], "AlarmARN": arn})
        record.fields["Alarms"] = made

    async def _delete(self, record: Record) -> None:
        names = [alarm["AlarmName"] for alarm in record.fields.get("Alarms", [])]
        await self._platform.s3.in_thread(self._alarms.delete, names)
        self._platform.store.delete(record)

    def _arn(self, request: dict[str, Any]) -> str:
        settings = self._platform.settings
        return (
            f"arn:aws:autoscaling:{settings.region}:{settings.account_id}:scalingPolicy:"
            f"{uuid.uuid4()}:resource/sagemaker/{request['ResourceId']}:"
            f"policyName/{request['PolicyName']}"
        )


def _key(resource_id: str, name: str) -> str:
    return f"{resource_id} {name}"


def _check(kind: str, config: dict[str, Any]) -> None:
    if kind == "StepScaling":
        if "AdjustmentType" not in config or not config.get("StepAdjustments"):
            raise validation_exception(
                "StepScalingPolicyConfiguration needs AdjustmentType and StepAdjustments."
            )
        return
    named = "PredefinedMetricSpecification" in config, "CustomizedMetricSpecification" in config
    if "TargetValue" not in config or sum(named) != 1:
        raise validation_exception(
            "TargetTrackingScalingPolicyConfiguration needs TargetValue and either "
            "PredefinedMetricSpecification or CustomizedMetricSpecification."
        )
    if config["TargetValue"] <= 0:
        raise validation_exception("TargetValue must be greater than 0.")
