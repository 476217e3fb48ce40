"""An outage of a lane: batches leave it with a reason, one tries it, and it comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from include.domain.batches.manifests import Submission
from include.domain.errors import EndpointUnavailable
from include.domain.lanes import Lane
from tests.integration.conftest import forget_settings, json_lines, sound
from tests.support.faults import injected

SETTINGS = {
    "TWOLANE_SERVERLESS_THROTTLED_S": "0.5",
    "TWOLANE_BREAKER_MINIMUM_OUTCOMES": "1",
    "TWOLANE_BREAKER_FAILURE_RATE": "0.001",
    "TWOLANE_BREAKER_PAUSE_S": "1800",
}

END_THE_PAUSE = "UPDATE lane_health SET half_opens_at = now() WHERE state = 'open' RETURNING lane"


@pytest.fixture
def impatient(product: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The product with a breaker that opens at the first failure."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    yield product
    monkeypatch.undo()
    forget_settings()


@pytest.fixture
def events(product: Any) -> Callable[[], list[dict[str, Any]]]:
    """Reads what the topic of lane events has sent since the last call."""
    sns, sqs = product.aws.client("sns"), product.aws.client("sqs")
    queue = sqs.create_queue(QueueName="tests-lane-events")["QueueUrl"]
    names = ["QueueArn"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]["QueueArn"]
    topic = "arn:aws:sns:us-east-1:000000000000:twolane-lane-events"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def read() -> list[dict[str, Any]]:
        found = []
        while True:
            answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            if not answer.get("Messages"):
                return sorted(found, key=lambda event: int(event["event_id"]))
            for message in answer["Messages"]:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(json.loads(message["Body"])["Message"]))

    return read


def lose(uri: str) -> None:
    """Have a batch fail on the serverless lane, as a task's one try would."""
    from include.wiring.batches.bootstrap import twolane

    submission = Submission(
        key=uri,
        batch_uris=(uri,),
        account="standard-harbor",
        requested_tier=None,
        deadline_s=None,
        model_name="news-topic",
        model_alias="champion",
        submitted_at=datetime.now(UTC),
    )
    batch_id = twolane().pull(submission, run_id=uri).batch_id
    twolane().validate(batch_id)
    assert twolane().route(batch_id).lane is Lane.SERVERLESS
    with pytest.raises(EndpointUnavailable):
        twolane().run_serverless(batch_id)


def test_batches_leave_an_open_lane_and_come_back_through_a_probe(
    impatient: Any, events: Callable[[], list[dict[str, Any]]]
) -> None:
    product = impatient

    def infer(name: str) -> Any:
        return product.infer(product.upload(name, json_lines(*sound(3))))

    outage = {"kind": "throttle", "operation": "InvokeEndpoint", "times": 0}
    with injected(product.aws.sagemaker_url, outage) as faults:
        lose(product.upload("lost.jsonl", json_lines(*sound(3))))
        elsewhere = infer("elsewhere.jsonl")
        assert faults.hits("throttle")
    product.query(END_THE_PAUSE)
    probe = infer("probe.jsonl")
    after = infer("after.jsonl")

    assert elsewhere.state == "success"
    assert elsewhere.batch["lane"] == "processing"
    reason = elsewhere.batch["placement_reason"]
    assert re.search(r"serverless is open: 1 of its last \d+ tries failed, .*Throttling", reason)
    assert (probe.state, probe.batch["lane"]) == ("success", "serverless")
    assert probe.batch["placement_reason"].endswith("tries the lane after a pause")
    assert (after.state, after.batch["lane"]) == ("success", "serverless")
    assert "after a pause" not in after.batch["placement_reason"]
    told = [(event["from_state"], event["to_state"]) for event in events()]
    assert told == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]
    kept = product.query("SELECT published_at FROM lane_transitions WHERE lane = 'serverless'")
    assert len(kept) >= len(told)
    assert all(row["published_at"] for row in kept)
