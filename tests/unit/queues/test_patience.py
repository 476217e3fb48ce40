"""How long a queue waits before it tries again, and the limits of SQS it keeps to."""

from __future__ import annotations

import pytest

from include.domain.accounts import Tier
from include.domain.queues.patience import QueuePatience

CAPS = dict.fromkeys(Tier, 2)


def patience(**changes: float) -> QueuePatience:
    return QueuePatience(4, CAPS, **changes)  # type: ignore[arg-type]


def test_what_is_put_back_rests_longer_each_time_up_to_a_bound() -> None:
    pauses = [patience().put_back_pause_s(receptions, 1.0) for receptions in (1, 2, 3, 900)]

    assert pauses == [60.0, 120.0, 120.0, 120.0]
    assert patience().put_back_pause_s(1, 0.0) == 30.0


def test_a_failure_is_retried_later_each_time_up_to_a_bound() -> None:
    assert [patience().retry_pause_s(failures) for failures in (1, 2, 3, 30)] == [30, 60, 120, 900]


def test_a_run_is_asked_for_later_each_time_up_to_a_bound() -> None:
    pauses = [patience().ask_again_pause_s(asks) for asks in (1, 2, 3, 4, 5, 900)]

    assert pauses == [4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize(
    "changes",
    [
        {"heartbeat_s": 0.0},
        {"heartbeat_s": 61.0},
        {"hold_limit_s": 12 * 3600.0},
        {"renew_at_receptions": 1000},
    ],
)
def test_what_sqs_would_not_bear_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        patience(**changes)
