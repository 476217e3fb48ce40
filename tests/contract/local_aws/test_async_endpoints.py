"""Asynchronous endpoints: the queue, its ends in S3, instances from 0 to n, and its survival."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.async_inference import AsyncEndpoint, object_at, scaled
from tests.support.local_aws import LocalAws, running_local_aws
from tests.support.sagemaker import Bucket, SageMaker, documents, eventually


@pytest.fixture
def endpoint(local_aws: LocalAws, bucket: Bucket) -> AsyncEndpoint:
    return AsyncEndpoint(local_aws, bucket)


def test_a_request_is_accepted_at_once_and_answered_in_s3(endpoint: AsyncEndpoint) -> None:
    endpoint.create()

    answer = endpoint.invoke(documents(2), InferenceId="batch-1")

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["InferenceId"] == "batch-1"
    lines = eventually(lambda: object_at(endpoint.s3, answer["OutputLocation"])).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["d0", "d1"]


def test_a_failure_stands_under_the_failure_path(endpoint: AsyncEndpoint) -> None:
    endpoint.create()

    refused = endpoint.invoke(b'{"id": "a", "text": "refuse"}\n')
    absent = endpoint.invoke_uri(endpoint.bucket.uri("absent.jsonl"))

    reason = eventually(lambda: object_at(endpoint.s3, refused["FailureLocation"]))
    assert b'Received client error (400) from primary with message "refused a record"' in reason
    assert b"absent.jsonl" in eventually(lambda: object_at(endpoint.s3, absent["FailureLocation"]))
    assert object_at(endpoint.s3, refused["OutputLocation"]) is None


def test_a_request_that_takes_too_long_fails(endpoint: AsyncEndpoint) -> None:
    endpoint.create(FIXTURE_SLOW_S="30")

    answer = endpoint.invoke(documents(1), InvocationTimeoutSeconds=1)

    reason = eventually(lambda: object_at(endpoint.s3, answer["FailureLocation"]))
    assert b"InvocationTimeoutSeconds" in reason


def test_requests_out_of_range_are_refused(endpoint: AsyncEndpoint) -> None:
    endpoint.create()

    with pytest.raises(ClientError, match="less than or equal to 3600"):
        endpoint.invoke(documents(1), InvocationTimeoutSeconds=3601)
    with pytest.raises(ClientError, match="greater than or equal to 60"):
        endpoint.invoke(documents(1), RequestTTLSeconds=59)
    with pytest.raises(ClientError, match="use InvokeEndpointAsync"):
        endpoint.runtime.invoke_endpoint(EndpointName=endpoint.name, Body=documents(1))
    with pytest.raises(ClientError, match="not found"):
        endpoint.runtime.invoke_endpoint_async(EndpointName="none", InputLocation="s3://b/k")


def test_an_endpoint_begins_with_an_instance(endpoint: AsyncEndpoint) -> None:
    with pytest.raises(ClientError, match="greater than or equal to 1"):
        endpoint.create(instances=0)


def test_success_and_failure_are_notified(
    local_aws: LocalAws, endpoint: AsyncEndpoint, bucket: Bucket
) -> None:
    sns, sqs = local_aws.client("sns"), local_aws.client("sqs")
    topic = sns.create_topic(Name=f"done-{bucket.name}")["TopicArn"]
    queue = sqs.create_queue(QueueName=f"done-{bucket.name}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    endpoint.create(topics={"SuccessTopic": topic, "ErrorTopic": topic})

    endpoint.invoke(documents(1), InferenceId="good")
    endpoint.invoke(b'{"id": "a", "text": "break"}\n', InferenceId="bad")

    found: dict[str, Any] = {}

    def both() -> bool:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", ()):
            body = json.loads(message["Body"])
            found[body["inferenceId"]] = body["invocationStatus"]
        return len(found) == 2

    eventually(both)
    assert found == {"good": "Completed", "bad": "Failed"}


def test_a_scale_in_lets_the_request_in_flight_finish(endpoint: AsyncEndpoint) -> None:
    endpoint.create(FIXTURE_SLOW_S="1.5")
    in_flight = endpoint.invoke(documents(1))
    eventually(endpoint.in_backlog)

    endpoint.set_instances(0)

    described = scaled(endpoint, 0)
    assert described["DesiredInstanceCount"] == 0
    assert eventually(lambda: object_at(endpoint.s3, in_flight["OutputLocation"]))
    waiting = endpoint.invoke(documents(1))
    assert object_at(endpoint.s3, waiting["OutputLocation"]) is None
    endpoint.set_instances(2)
    scaled(endpoint, 2)
    assert eventually(lambda: object_at(endpoint.s3, waiting["OutputLocation"]))


def test_a_request_whose_instance_dies_is_done_by_another(endpoint: AsyncEndpoint) -> None:
    endpoint.create()
    deadly = endpoint.invoke(b'{"id": "a", "text": "die"}\n')
    harmless = endpoint.invoke(documents(1))

    reason = eventually(lambda: object_at(endpoint.s3, deadly["FailureLocation"]))
    assert b"3 instances in a row" in reason
    assert eventually(lambda: object_at(endpoint.s3, harmless["OutputLocation"]))


def test_the_queue_and_the_instance_count_survive_a_restart(tmp_path: Path) -> None:
    with running_local_aws(tmp_path) as first:
        bucket = Bucket(first, "async-kept")
        endpoint = AsyncEndpoint(first, bucket)
        endpoint.create()
        endpoint.set_instances(0)
        scaled(endpoint, 0)
        answer = endpoint.invoke(documents(1))

    with running_local_aws(tmp_path) as second:
        again = endpoint.on(second)
        SageMaker(second).settled(again.name)
        assert scaled(again, 0)["CurrentInstanceCount"] == 0
        again.set_instances(1)
        assert eventually(lambda: object_at(again.s3, answer["OutputLocation"]))


def test_metrics_have_the_names_and_dimensions_of_aws(
    local_aws: LocalAws, endpoint: AsyncEndpoint
) -> None:
    endpoint.create()
    answer = endpoint.invoke(documents(1))
    eventually(lambda: object_at(endpoint.s3, answer["OutputLocation"]))
    cloudwatch = local_aws.client("cloudwatch")

    def metrics() -> dict[str, list[str]] | None:
        answer = cloudwatch.list_metrics(
            Namespace="AWS/SageMaker",
            Dimensions=[{"Name": "EndpointName", "Value": endpoint.name}],
        )
        found = {
            each["MetricName"]: sorted(dimension["Name"] for dimension in each["Dimensions"])
            for each in answer["Metrics"]
        }
        return (
            found if {"InvocationsProcessed", "HasBacklogWithoutCapacity"} <= set(found) else None
        )

    found = eventually(metrics)
    for name in (
        "ApproximateBacklogSize",
        "ApproximateBacklogSizePerInstance",
        "ApproximateAgeOfOldestRequest",
        "HasBacklogWithoutCapacity",
    ):
        assert found[name] == ["EndpointName"]
    for name in ("InvocationsProcessed", "InvocationFailures", "TimeInBacklog", "ModelLatency"):
        assert found[name] == ["EndpointName", "VariantName"]
    assert "Invocations" not in found
