"""Lines for CloudWatch Logs: none is lost while it does not answer, none is sent for ever."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local_aws.sagemaker.telemetry.log_streams import LogLine, LogStreams

GONE = EndpointConnectionError(endpoint_url="http://logs")


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutLogEvents")


class FakeLogs:
    """Takes lines, or fails with what is next in `failures`."""

    exceptions = boto3.client("logs", region_name="us-east-1").exceptions

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.made: list[str] = []
        self.taken: list[str] = []

    def create_log_group(self, logGroupName: str) -> None:  # noqa: N803
        raise self.exceptions.ResourceAlreadyExistsException({}, "CreateLogGroup")

    def create_log_stream(self, logGroupName: str, logStreamName: str) -> None:  # noqa: N803
        self.made.append(logStreamName)

    def put_log_events(self, logEvents: list[dict[str, Any]], **_: str) -> None:  # noqa: N803
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        self.taken += [event["message"] for event in logEvents]


def lines(*texts: str, stream: str = "s") -> list[LogLine]:
    return [LogLine("g", stream, text, 1.0) for text in texts]


def test_a_stream_is_made_once_and_takes_its_lines_in_order() -> None:
    logs = FakeLogs()
    streams = LogStreams(logs)
    assert streams.send(lines("a", "")) == []
    assert streams.send(lines("b")) == []
    assert (logs.made, logs.taken) == (["s"], ["a", " ", "b"])


@pytest.mark.parametrize(
    "failure", [GONE, refusal("InternalFailure", 500), refusal("ThrottlingException", 400)]
)
def test_what_was_not_taken_for_now_is_handed_back_with_all_that_follows(
    failure: Exception,
) -> None:
    long = "x" * 600_000
    mine, other = lines(long, long, "c"), lines("d", stream="t")
    logs = FakeLogs(None, failure)
    streams = LogStreams(logs)

    left = streams.send(mine + other)

    assert left == [*mine[1:], *other]
    assert streams.send(left) == []
    assert logs.taken == [long, long, "c", "d"]


def test_a_stream_that_was_lost_is_made_again() -> None:
    logs = FakeLogs(None, refusal("ResourceNotFoundException", 400))
    streams = LogStreams(logs)
    streams.send(lines("a"))
    assert streams.send(streams.send(lines("b"))) == []
    assert (logs.made, logs.taken) == (["s", "s"], ["a", "b"])


def test_what_is_refused_for_good_is_not_sent_again() -> None:
    logs = FakeLogs(refusal("InvalidParameterException", 400))
    assert LogStreams(logs).send(lines("a")) == []
    assert logs.taken == []
