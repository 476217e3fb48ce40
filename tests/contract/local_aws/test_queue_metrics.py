"""Depth and age reach CloudWatch under the names that SQS publishes them by."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta

from tests.support.local_aws import LocalAws

TIMEOUT_S = 90


def test_depth_and_age_are_published_by_queue(local_aws: LocalAws) -> None:
    sqs, cloudwatch = local_aws.client("sqs"), local_aws.client("cloudwatch")
    name = f"test-{uuid.uuid4().hex}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for body in ("a", "b"):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    def maximum(metric: str) -> float:
        now = datetime.now(UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName=metric,
            Dimensions=[{"Name": "QueueName", "Value": name}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return max((point["Maximum"] for point in points), default=0.0)

    deadline = time.monotonic() + TIMEOUT_S
    while maximum("ApproximateAgeOfOldestMessage") < 1:
        assert time.monotonic() < deadline
        time.sleep(0.2)

    assert maximum("ApproximateNumberOfMessagesVisible") == 2
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)
    while maximum("ApproximateNumberOfMessagesNotVisible") < 1:
        assert time.monotonic() < deadline
        time.sleep(0.2)
