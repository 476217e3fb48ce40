"""QueueGauges on SQS, and on CloudWatch where SQS has no answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.adapters.aws.errors import AwsError, explain
from include.domain.errors import QueueUnavailable
from include.pipeline.alerts.ports import QueueGauge

_LOOK_BACK = timedelta(minutes=5)
"""SQS publishes each minute, some minutes late at times."""


class SqsQueueGauges:
    """Depth from SQS itself, age from CloudWatch, which alone knows it.

    Args:
        sqs: client of `sqs`.
        cloudwatch: client of `cloudwatch`.
    """

    def __init__(self, sqs: Any, cloudwatch: Any) -> None:
        self._sqs = sqs
        self._cloudwatch = cloudwatch

    def read(self, queue_name: str, now: datetime) -> QueueGauge:
        """Measure a queue; see `QueueGauges.read`."""
        wanted = "ApproximateNumberOfMessages"
        try:
            url = self._sqs.get_queue_url(QueueName=queue_name)["QueueUrl"]
            found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])
            ages = self._cloudwatch.get_metric_statistics(
                Namespace="AWS/SQS",
                MetricName="ApproximateAgeOfOldestMessage",
                Dimensions=[{"Name": "QueueName", "Value": queue_name}],
                StartTime=now - _LOOK_BACK,
                EndTime=now + timedelta(minutes=1),
                Period=60,
                Statistics=["Maximum"],
            )["Datapoints"]
        except AwsError as exc:
            raise QueueUnavailable(f"cannot measure queue {queue_name}: {explain(exc)}") from exc
        newest = max(ages, key=lambda point: point["Timestamp"], default=None)
        return QueueGauge(
            waiting=int(found["Attributes"][wanted]),
            oldest_s=None if newest is None else float(newest["Maximum"]),
        )
