"""Application Auto Scaling of an asynchronous endpoint: from zero to n and back.

Two policies, since neither is enough (docs/adr/0011-async-endpoint.md): target tracking on the
backlog per instance has no data without an instance, so a step policy wakes the endpoint from zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

VARIANT = "all"
_SCOPE = {
    "ServiceNamespace": "sagemaker",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
_TRACKING = "twolane-backlog-per-instance"
_WAKING = "twolane-wake-from-zero"


@dataclass(frozen=True, slots=True)
class ScalingRule:
    """How far and how fast it scales.

    Attributes:
        max_instances: upper limit; the lower one is 0.
        backlog_per_instance: requests, waiting or in work, that one instance should have.
        scale_out_cooldown_s: pause after instances were added by target tracking.
        scale_in_cooldown_s: pause between two removals.
        wake_cooldown_s: pause after the endpoint was woken, as long as an instance may take to
            start: until then the backlog still has no capacity.
    """

    max_instances: int
    backlog_per_instance: float
    scale_out_cooldown_s: int = 60
    scale_in_cooldown_s: int = 300
    wake_cooldown_s: int = 300


class EndpointScaling:
    """Registers endpoints with Application Auto Scaling.

    Args:
        scaling: client of `application-autoscaling`.
        cloudwatch: client of `cloudwatch`.
    """

    def __init__(self, scaling: Any, cloudwatch: Any, rule: ScalingRule) -> None:
        self._scaling = scaling
        self._cloudwatch = cloudwatch
        self._rule = rule

    def apply(self, endpoint_name: str) -> None:
        """Have the endpoint scale by the rule; doing it again changes what has changed.

        Raises:
            ClientError: a service refuses.
        """
        resource = {**_SCOPE, "ResourceId": f"endpoint/{endpoint_name}/variant/{VARIANT}"}
        self._scaling.register_scalable_target(
            **resource, MinCapacity=0, MaxCapacity=self._rule.max_instances
        )
        self._scaling.put_scaling_policy(
            **resource,
            PolicyName=_TRACKING,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": self._rule.backlog_per_instance,
                "CustomizedMetricSpecification": {
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    **_metric(endpoint_name),
                },
                "ScaleOutCooldown": self._rule.scale_out_cooldown_s,
                "ScaleInCooldown": self._rule.scale_in_cooldown_s,
            },
        )
        waking = self._scaling.put_scaling_policy(
            **resource,
            PolicyName=_WAKING,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Average",
                "Cooldown": self._rule.wake_cooldown_s,
                "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
            },
        )
        self._cloudwatch.put_metric_alarm(
            AlarmName=wake_alarm_name(endpoint_name),
            AlarmDescription=f"Requests of {endpoint_name} wait and no instance runs: start one.",
            MetricName="HasBacklogWithoutCapacity",
            **_metric(endpoint_name),
            Period=60,
            EvaluationPeriods=1,
            DatapointsToAlarm=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="missing",
            AlarmActions=[waking["PolicyARN"]],
        )

    def remove(self, endpoint_name: str) -> None:
        """Have the endpoint scale no more; its policies and alarms go as well, if there are any.

        Raises:
            ClientError: a service refuses.
        """
        resource_id = f"endpoint/{endpoint_name}/variant/{VARIANT}"
        found = self._scaling.describe_scalable_targets(**_SCOPE, ResourceIds=[resource_id])
        if found["ScalableTargets"]:
            self._scaling.deregister_scalable_target(**_SCOPE, ResourceId=resource_id)
        self._cloudwatch.delete_alarms(AlarmNames=[wake_alarm_name(endpoint_name)])


def wake_alarm_name(endpoint_name: str) -> str:
    """Return the name of the alarm that wakes an endpoint."""
    return f"{endpoint_name}-backlog-without-capacity"


def _metric(endpoint_name: str) -> dict[str, Any]:
    return {
        "Namespace": "AWS/SageMaker",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint_name}],
        "Statistic": "Average",
    }
