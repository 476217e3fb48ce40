"""The two alarms of a target tracking policy: three minutes above, fifteen minutes below.

Counts and the lower threshold of 90 % of the target are those of the alarms that AWS makes.
"""

from collections.abc import Sequence
from typing import Any

from local_aws.autoscaling.targets import variant_of
from local_aws.sagemaker.errors import validation_exception

HIGH, LOW = "AlarmHigh", "AlarmLow"
_HIGH_PERIODS, _LOW_PERIODS, _PERIOD_S = 3, 15, 60
_LOW_SHARE = 0.9
#: Predefined metrics of variants, by their name in the AWS/SageMaker namespace and statistic.
_PREDEFINED = {"SageMakerVariantInvocationsPerInstance": ("InvocationsPerInstance", "Sum")}


def tracking_alarms(
    resource_id: str, policy_arn: str, config: dict[str, Any], numbers: Sequence[str]
) -> list[dict[str, Any]]:
    """Requests of PutMetricAlarm, the high alarm first; no low one where scale-in is disabled.

    Raises:
        ApiError: ValidationException, a metric that is not offered here.
    """
    metric = _metric(resource_id, config)
    target = config["TargetValue"]
    shapes = [(HIGH, "GreaterThanThreshold", target, _HIGH_PERIODS, numbers[0])]
    if not config.get("DisableScaleIn", False):
        low = target * _LOW_SHARE
        shapes.append((LOW, "LessThanThreshold", low, _LOW_PERIODS, numbers[1]))
    return [
        {
            "AlarmName": f"TargetTracking-{resource_id}-{side}-{number}",
            "AlarmDescription": "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy "
            f"{policy_arn}.",
            **metric,
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "EvaluationPeriods": periods,
            "Period": _PERIOD_S,
            "AlarmActions": [policy_arn],
        }
        for side, comparison, threshold, periods, number in shapes
    ]


def _metric(resource_id: str, config: dict[str, Any]) -> dict[str, Any]:
    predefined = config.get("PredefinedMetricSpecification")
    if predefined is not None:
        kind = predefined["PredefinedMetricType"]
        if kind not in _PREDEFINED:
            raise validation_exception(f"PredefinedMetricType {kind} is not implemented here.")
        endpoint, variant = variant_of(resource_id)
        name, statistic = _PREDEFINED[kind]
        dimensions = [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ]
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": name,
            "Dimensions": dimensions,
            "Statistic": statistic,
        }
    custom = config["CustomizedMetricSpecification"]
    if "Metrics" in custom:
        raise validation_exception("Metric math is not implemented here.")
    return {
        "Namespace": custom["Namespace"],
        "MetricName": custom["MetricName"],
        "Dimensions": custom.get("Dimensions", []),
        "Statistic": custom["Statistic"],
    }
