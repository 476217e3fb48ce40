"""Depth and age of a queue, counted as SQS counts them."""

from __future__ import annotations

from local_aws.queues.measures import measures

NOW_S = 1000.0


def message(sent_s: float, *, visible: bool = True, receptions: int = 0) -> dict[str, object]:
    return {"SentTimestamp": sent_s, "IsVisible": visible, "ReceiveCount": receptions}


def measured(*messages: dict[str, object]) -> dict[str, float]:
    return {each.name.removeprefix("Approximate"): each.value for each in measures(messages, NOW_S)}


def test_an_empty_queue_has_no_depth_and_no_age() -> None:
    assert set(measured().values()) == {0.0}


def test_depth_is_counted_by_what_a_message_waits_for() -> None:
    values = measured(
        message(990),
        message(980),
        message(970, visible=False, receptions=1),
        message(995, visible=False),
    )

    assert values == {
        "NumberOfMessagesVisible": 2,
        "NumberOfMessagesNotVisible": 1,
        "NumberOfMessagesDelayed": 1,
        "AgeOfOldestMessage": 30.0,
    }


def test_a_message_nobody_can_process_does_not_hide_the_age_of_others() -> None:
    values = measured(message(100, receptions=4), message(900, receptions=3))

    assert values["AgeOfOldestMessage"] == 100.0
