"""MessageQueue: the same promises on the fake and on SQS."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from include.adapters.aws.messaging.queues import SqsQueue
from include.domain.errors import QueueUnavailable
from include.pipeline.queues.ports import Message, MessageQueue
from tests.support.fakes.queues import FakeQueue
from tests.support.local_aws import LocalAws

HOLD_S = 60


@pytest.fixture(params=["fake", "sqs"])
def queue(request: pytest.FixtureRequest) -> MessageQueue:
    if request.param == "fake":
        return FakeQueue()
    local_aws: LocalAws = request.getfixturevalue("local_aws")
    client = local_aws.client("sqs")
    name = f"test-{uuid.uuid4().hex}"
    client.create_queue(QueueName=name)
    return SqsQueue(client, name)


def take(queue: MessageQueue, limit: int = 10) -> list[Message]:
    return queue.receive(limit, wait_s=0, visibility_s=HOLD_S)


def test_what_is_sent_is_received_with_its_attributes(queue: MessageQueue) -> None:
    sent = queue.send('{"größe": 1}', {"twolane-reason": "weil's so ist", "empty": ""})

    (message,) = take(queue)

    assert message.message_id == sent
    assert message.body == '{"größe": 1}'
    assert message.attributes == {"twolane-reason": "weil's so ist"}
    assert message.receptions == 1
    assert message.sent_at.tzinfo is not None


def test_what_is_taken_is_invisible_until_it_is_put_back(queue: MessageQueue) -> None:
    queue.send("a")
    (first,) = take(queue)

    assert take(queue) == []
    assert queue.extend([first.receipt], 0) == set()
    (second,) = take(queue)

    assert second.message_id == first.message_id
    assert second.receptions == 2


def test_no_more_than_asked_for_and_never_more_than_ten(queue: MessageQueue) -> None:
    for number in range(13):
        queue.send(str(number))

    assert len(take(queue, limit=2)) == 2
    assert len(take(queue, limit=50)) == 10


def test_what_is_deleted_never_comes_back(queue: MessageQueue) -> None:
    queue.send("a")
    (message,) = take(queue)

    queue.delete(message.receipt)
    queue.delete(message.receipt)

    assert queue.extend([message.receipt], HOLD_S) == {message.receipt}
    assert take(queue) == []


def test_many_are_extended_at_once_and_the_lost_ones_are_named(queue: MessageQueue) -> None:
    for number in range(12):
        queue.send(str(number))
    held = take(queue) + take(queue)
    lost = held[7]
    queue.delete(lost.receipt)

    gone = queue.extend([each.receipt for each in held], HOLD_S)

    assert len(held) == 12
    assert gone == {lost.receipt}


@pytest.mark.parametrize("text", ["a\x00b\ud800c", "x" * 5000])
def test_an_attribute_is_made_to_fit(local_aws: LocalAws, text: str) -> None:
    client = local_aws.client("sqs")
    name = f"test-{uuid.uuid4().hex}"
    client.create_queue(QueueName=name)
    queue = SqsQueue(client, name)

    queue.send("a", {"twolane-reason": text})

    (message,) = take(queue)
    assert message.attributes["twolane-reason"] == {"a": "a\ufffdb\ufffdc"}.get(text[0], "x" * 2000)


@pytest.mark.parametrize(
    "call",
    [
        lambda queue: queue.receive(1, wait_s=0, visibility_s=1),
        lambda queue: queue.extend(["r"], 1),
        lambda queue: queue.delete("r"),
        lambda queue: queue.send("a"),
    ],
)
def test_a_queue_that_does_not_exist_is_named(
    local_aws: LocalAws, call: Callable[[MessageQueue], object]
) -> None:
    with pytest.raises(QueueUnavailable, match="no-such-queue"):
        call(SqsQueue(local_aws.client("sqs"), "no-such-queue"))
