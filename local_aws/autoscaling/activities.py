"""Scaling activities: what was scaled, why, and what became of it."""

import uuid
from typing import Any

from local_aws.autoscaling.pages import page
from local_aws.autoscaling.targets import DIMENSION, check_scope
from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

KIND = "ScalingActivity"
_KEPT = 500


class ScalingActivities:
    """Keeps the last activities and answers DescribeScalingActivities."""

    def __init__(self, platform: Platform) -> None:
        self._store = platform.store

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {"DescribeScalingActivities": self.describe}

    def begin(self, resource_id: str, count: int, cause: str) -> Record:
        """Record that a change begins."""
        number = str(uuid.uuid4())
        members = {
            "ActivityId": number,
            "ServiceNamespace": "sagemaker",
            "ResourceId": resource_id,
            "ScalableDimension": DIMENSION,
            "Description": f"Setting desired instance count to {count}.",
            "Cause": cause,
            "StartTime": now_s(),
        }
        record = Record(KIND, number, number, now_s(), members, {})
        self._set(record, "InProgress", "")
        for old in self._store.of_kind(KIND)[:-_KEPT]:
            self._store.delete(old)
        return record

    def end(self, record: Record, status: str, message: str) -> None:
        """Record how it ended."""
        record.fields["EndTime"] = now_s()
        self._set(record, status, message)

    def recover(self) -> None:
        """End what a service that stopped had in progress: nobody follows it any more."""
        for record in self._store.of_kind(KIND):
            if record.fields["StatusCode"] == "InProgress":
                self.end(record, "Failed", "The service was restarted.")

    async def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """Activities, newest first."""
        check_scope(request)
        resource_id = request.get("ResourceId")
        activities = [
            {**record.request, **record.fields}
            for record in reversed(self._store.of_kind(KIND))
            if resource_id in (None, record.request["ResourceId"])
        ]
        return page("ScalingActivities", activities, request)

    def _set(self, record: Record, status: str, message: str) -> None:
        record.fields.update(StatusCode=status, StatusMessage=message)
        self._store.save(record)
