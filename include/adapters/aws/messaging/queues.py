"""MessageQueue on SQS."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NoReturn

from include.adapters.aws.errors import AwsError, error_code, explain
from include.domain.errors import QueueUnavailable
from include.pipeline.queues.ports import Message

SqsClient = Any

MESSAGES_A_CALL = 10
"""Of SQS, for receiving and for batches alike."""

MAX_WAIT_S = 20

_GONE = frozenset({"ReceiptHandleIsInvalid", "InvalidParameterValue"})
"""What SQS says of a receipt whose message was deleted, or has appeared again."""

_ATTRIBUTE_CHARACTERS = 2000
_REFUSED_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SqsQueue:
    """One standard queue, found by its name when it is first used.

    Args:
        client: low-level client; threads may share it.
        name: queue name.
    """

    def __init__(self, client: SqsClient, name: str) -> None:
        self._client = client
        self._name = name

    @property
    def name(self) -> str:
        """The queue's name."""
        return self._name

    @cached_property
    def _url(self) -> str:
        return str(self._client.get_queue_url(QueueName=self._name)["QueueUrl"])

    def receive(self, limit: int, *, wait_s: float, visibility_s: float) -> list[Message]:
        """Take messages; see `MessageQueue.receive`."""
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(limit, MESSAGES_A_CALL),
                WaitTimeSeconds=min(MAX_WAIT_S, math.ceil(wait_s)),
                VisibilityTimeout=math.ceil(visibility_s),
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
                MessageAttributeNames=["All"],
            )
        except AwsError as exc:
            self._fail("receive from", exc)
        return [_message(each) for each in answer.get("Messages", ())]

    def extend(self, receipts: Sequence[str], visibility_s: float) -> set[str]:
        """Keep deliveries invisible; see `MessageQueue.extend`."""
        gone: set[str] = set()
        for chunk in _chunks(receipts):
            try:
                answer = self._client.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {
                            "Id": str(index),
                            "ReceiptHandle": receipt,
                            "VisibilityTimeout": math.ceil(visibility_s),
                        }
                        for index, receipt in enumerate(chunk)
                    ],
                )
            except AwsError as exc:
                self._fail("extend messages of", exc)
            for failure in answer.get("Failed", ()):
                if not failure["SenderFault"]:
                    raise QueueUnavailable(
                        f"queue {self._name}: cannot extend: {failure['Code']}: "
                        f"{failure.get('Message', '')}"
                    )
                gone.add(chunk[int(failure["Id"])])
        return gone

    def delete(self, receipt: str) -> None:
        """Remove a message for good; see `MessageQueue.delete`."""
        try:
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)
        except AwsError as exc:
            if error_code(exc) not in _GONE:
                self._fail("delete from", exc)

    def send(self, body: str, attributes: Mapping[str, str] | None = None) -> str:
        """Add a message; see `MessageQueue.send`. Attributes are cut to 2,000 characters."""
        given = {
            name: {"DataType": "String", "StringValue": text}
            for name, value in (attributes or {}).items()
            if (text := _REFUSED_CHARACTERS.sub("\ufffd", value)[:_ATTRIBUTE_CHARACTERS])
        }
        try:
            answer = self._client.send_message(
                QueueUrl=self._url, MessageBody=body, MessageAttributes=given
            )
        except AwsError as exc:
            self._fail("send to", exc)
        return str(answer["MessageId"])

    def _fail(self, doing: str, exc: Exception) -> NoReturn:
        raise QueueUnavailable(f"cannot {doing} queue {self._name}: {explain(exc)}") from exc


def _chunks(receipts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(receipts), MESSAGES_A_CALL):
        yield receipts[start : start + MESSAGES_A_CALL]


def _message(raw: dict[str, Any]) -> Message:
    system = raw.get("Attributes", {})
    return Message(
        message_id=raw["MessageId"],
        receipt=raw["ReceiptHandle"],
        body=raw["Body"],
        receptions=int(system.get("ApproximateReceiveCount", "1")),
        sent_at=datetime.fromtimestamp(int(system["SentTimestamp"]) / 1000, UTC),
        attributes={
            name: value["StringValue"]
            for name, value in raw.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    )
