"""Depth and age of a queue, from its messages.

Names, units and the dimension QueueName as in "Available CloudWatch metrics for Amazon SQS"
(Amazon SQS Developer Guide). There too: a message that was received more than three times and not
deleted goes to the back of a standard queue and is left out of the age, lest one message that
nobody can process hide the age of all others.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

_POISON_RECEPTIONS = 3


@dataclasses.dataclass(frozen=True)
class Measure:
    """One metric of one queue."""

    name: str
    value: float
    unit: str


def measures(messages: Iterable[dict[str, Any]], now_s: float) -> list[Measure]:
    """Measure a queue.

    Args:
        messages: as MiniStack lists them, with `SentTimestamp`, `IsVisible`, `ReceiveCount`; a
            message that is invisible and was never received is delayed.
        now_s: epoch seconds.
    """
    visible = in_flight = delayed = 0
    oldest_s = now_s
    for message in messages:
        receptions = message["ReceiveCount"]
        if message["IsVisible"]:
            visible += 1
        elif receptions:
            in_flight += 1
        else:
            delayed += 1
        if receptions <= _POISON_RECEPTIONS:
            oldest_s = min(oldest_s, message["SentTimestamp"])
    return [
        Measure("ApproximateNumberOfMessagesVisible", visible, "Count"),
        Measure("ApproximateNumberOfMessagesNotVisible", in_flight, "Count"),
        Measure("ApproximateNumberOfMessagesDelayed", delayed, "Count"),
        Measure("ApproximateAgeOfOldestMessage", now_s - oldest_s, "Seconds"),
    ]
