"""CloudWatch alarms of a version's endpoint: what a promotion is watched by.

A promotion that makes them ring within its watch period is rolled back
(`include.pipeline.promotion.watch_promotions`). They need no action of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from include.adapters.aws.errors import AwsError, explain
from include.domain.errors import EndpointUnavailable

VARIANT = "all"


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """When an endpoint's alarms ring.

    Attributes:
        error_rate: share of a minute's invocations that the endpoint fails, 0 to 1.
        latency_s: mean seconds of an invocation in the container, over a minute.
        failed_requests: requests of an asynchronous endpoint that fail in a minute.
        minutes: so many are looked at, and `minutes_to_alarm` of them have to be as bad.
        period_s: of one datum; CloudWatch has 60 for SageMaker's metrics.
    """

    error_rate: float = 0.05
    latency_s: float = 30.0
    failed_requests: int = 3
    minutes: int = 3
    minutes_to_alarm: int = 2
    period_s: int = 60


@dataclass(frozen=True, slots=True)
class _Watched:
    """One metric of an endpoint, and what of it is too much."""

    suffix: str
    metric: str
    statistic: str
    threshold: float
    says: str


class EndpointAlarms:
    """Makes, reads and deletes the alarms of endpoints.

    Args:
        cloudwatch: client of `cloudwatch`.
    """

    def __init__(self, cloudwatch: Any, limits: AlarmLimits) -> None:
        self._cloudwatch = cloudwatch
        self._limits = limits

    def ensure(self, endpoint_name: str, *, is_asynchronous: bool = False) -> None:
        """Have the endpoint watched; doing it again changes what has changed.

        Raises:
            ClientError: CloudWatch refuses.
        """
        limits = self._limits
        for each in _watched(limits, is_asynchronous=is_asynchronous):
            self._cloudwatch.put_metric_alarm(
                AlarmName=f"{endpoint_name}-{each.suffix}",
                AlarmDescription=f"{each.says} on {endpoint_name}. Within the watch period of a "
                "promotion, the promotion is rolled back.",
                Namespace="AWS/SageMaker",
                MetricName=each.metric,
                Dimensions=[
                    {"Name": "EndpointName", "Value": endpoint_name},
                    {"Name": "VariantName", "Value": VARIANT},
                ],
                Statistic=each.statistic,
                Period=limits.period_s,
                EvaluationPeriods=limits.minutes,
                DatapointsToAlarm=limits.minutes_to_alarm,
                Threshold=each.threshold,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
                TreatMissingData="notBreaching",
            )

    def ringing(self, endpoint_name: str) -> Sequence[str]:
        """Return a sentence for each alarm of the endpoint that rings.

        Raises:
            EndpointUnavailable: CloudWatch refuses.
        """
        try:
            found = self._cloudwatch.describe_alarms(AlarmNames=alarm_names(endpoint_name))
        except AwsError as exc:
            raise EndpointUnavailable(f"alarms of {endpoint_name}: {explain(exc)}") from exc
        return [
            f"alarm {alarm['AlarmName']} rings: {alarm.get('StateReason', 'no reason given')}"
            for alarm in found["MetricAlarms"]
            if alarm["StateValue"] == "ALARM"
        ]

    def delete(self, endpoint_name: str) -> None:
        """Delete the endpoint's alarms, those that are there.

        Raises:
            ClientError: CloudWatch refuses.
        """
        self._cloudwatch.delete_alarms(AlarmNames=alarm_names(endpoint_name))


def alarm_names(endpoint_name: str) -> list[str]:
    """Return the names of the alarms an endpoint may have."""
    suffixes = {
        each.suffix: None for kind in (True, False) for each in _watched(AlarmLimits(), kind)
    }
    return [f"{endpoint_name}-{suffix}" for suffix in suffixes]


def _watched(limits: AlarmLimits, is_asynchronous: bool) -> tuple[_Watched, ...]:
    latency = _Watched(
        "latency",
        "ModelLatency",  # in microseconds
        "Average",
        limits.latency_s * 1e6,
        f"Invocations take {limits.latency_s:g} s and more",
    )
    if is_asynchronous:
        failed = limits.failed_requests
        says = f"{failed} and more requests fail in a minute"
        return (_Watched("failures", "InvocationFailures", "Sum", failed, says),)
    says = f"{limits.error_rate:.0%} and more of the invocations fail"
    errors = _Watched("5xx", "Invocation5XXErrors", "Average", limits.error_rate, says)
    return errors, latency
