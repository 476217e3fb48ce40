"""Alarms and datapoints of the embedded account's CloudWatch; every call blocks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

from local_aws.alarms.evaluation import AlarmRule
from local_aws.sagemaker.settings import Settings


class CloudWatchAlarms:
    """What evaluating alarms needs of CloudWatch."""

    def __init__(self, settings: Settings) -> None:
        self._client: Any = boto3.client(
            "cloudwatch",
            endpoint_url=settings.aws_endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.client_environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=settings.client_environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 1}),
        )

    def rules(self) -> list[AlarmRule]:
        """Every alarm on one metric; alarms on expressions are left alone."""
        pages = self._client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"])
        alarms = [alarm for page in pages for alarm in page.get("MetricAlarms", ())]
        return [_rule(alarm) for alarm in alarms if alarm.get("MetricName")]

    def datapoints(
        self, rule: AlarmRule, period_s: int, start_s: int, end_s: int
    ) -> list[float | None]:
        """The statistic of each whole period in [start, end), None where there is no datum."""
        is_percentile = rule.statistic.startswith("p")
        kind = "ExtendedStatistics" if is_percentile else "Statistics"
        answer = self._client.get_metric_statistics(
            Namespace=rule.namespace,
            MetricName=rule.metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in rule.dimensions],
            StartTime=datetime.fromtimestamp(start_s, UTC),
            EndTime=datetime.fromtimestamp(end_s, UTC),
            Period=period_s,
            **{kind: [rule.statistic]},
        )
        found: dict[int, float] = {}
        for point in answer["Datapoints"]:
            values = point["ExtendedStatistics"] if is_percentile else point
            found[int(point["Timestamp"].timestamp())] = float(values[rule.statistic])
        return [found.get(at_s) for at_s in range(start_s, end_s, period_s)]

    def set_state(self, name: str, state: str, reason: str) -> None:
        """Make the evaluation's outcome the alarm's state; CloudWatch notifies its SNS topics."""
        self._client.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason[:1023])

    def put(self, alarm: dict[str, Any]) -> str:
        """Create or replace an alarm; returns its ARN."""
        self._client.put_metric_alarm(**alarm)
        (found,) = self._client.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"]
        return str(found["AlarmArn"])

    def delete(self, names: Sequence[str]) -> None:
        """Delete alarms; those that are not there are no error."""
        if names:
            self._client.delete_alarms(AlarmNames=list(names))


def _rule(alarm: dict[str, Any]) -> AlarmRule:
    is_enabled = alarm.get("ActionsEnabled", True)
    members = {
        "ALARM": "AlarmActions",
        "OK": "OKActions",
        "INSUFFICIENT_DATA": "InsufficientDataActions",
    }
    actions = {
        state: tuple(alarm.get(member, ())) if is_enabled else ()
        for state, member in members.items()
    }
    return AlarmRule(
        name=alarm["AlarmName"],
        namespace=alarm["Namespace"],
        metric=alarm["MetricName"],
        dimensions=tuple((each["Name"], each["Value"]) for each in alarm.get("Dimensions", ())),
        statistic=alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average"),
        period_s=alarm["Period"],
        evaluation_periods=alarm["EvaluationPeriods"],
        datapoints_to_alarm=alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
        threshold=alarm["Threshold"],
        comparison=alarm["ComparisonOperator"],
        missing=alarm.get("TreatMissingData", "missing"),
        state=alarm["StateValue"],
        actions=actions,
    )
