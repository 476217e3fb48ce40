"""How patient a queue is: how long a message is held, put back, and tried again.

SQS keeps a message invisible for at most 12 hours from its reception, whatever the extensions
(Amazon SQS Developer Guide, "Visibility timeout"), and counts each reception towards its redrive
policy. Both are less than a batch may need, hence `hold_limit_s` and `renew_at_receptions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.domain.accounts import Tier

SQS_VISIBILITY_LIMIT_S = 12 * 3600
SQS_MAX_RECEPTIONS = 1000
"""`maxReceiveCount` of the queues in `infra/template.yaml`, the most that SQS takes."""


@dataclass(frozen=True, slots=True)
class QueuePatience:
    """The numbers of one queue.

    Attributes:
        max_held: messages taken from the queue and not yet settled; the rest waits in the queue.
        caps: batches of one account that run at once, by the account's tier.
        put_back_s: pause of a message whose account is at its cap, the first time, unless it is
            called before. Long, since each reception counts.
        max_put_back_s: the longest such pause.
        wait_s: long poll; also the longest delay until a commit is seen.
        visibility_s: how long a message rests when its consumer dies.
        heartbeat_s: seconds between extensions.
        hold_limit_s: a message held longer goes back and is received anew, its run adopted.
        look_again_s: seconds after which the run of a held message is looked at again.
        ask_again_s: seconds after which a run that has not started is asked for again, the first
            time; it doubles with each.
        max_ask_again_s: the longest such pause.
        max_failures: runs that may fail before the message is a dead letter.
        retry_s: pause after the first failure; it doubles with each.
        max_retry_s: the longest such pause.
        renew_at_receptions: a message received so often is sent anew, before SQS gives it up.
    """

    max_held: int
    caps: Mapping[Tier, int]
    put_back_s: float = 60.0
    max_put_back_s: float = 120.0
    wait_s: float = 2.0
    visibility_s: float = 120.0
    heartbeat_s: float = 30.0
    hold_limit_s: float = 11 * 3600.0
    look_again_s: float = 180.0
    ask_again_s: float = 4.0
    max_ask_again_s: float = 60.0
    max_failures: int = 3
    retry_s: float = 30.0
    max_retry_s: float = 900.0
    renew_at_receptions: int = 900

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_s <= self.visibility_s / 2:
            raise ValueError("a heartbeat must come twice before a message would reappear")
        if self.hold_limit_s + 2 * self.visibility_s > SQS_VISIBILITY_LIMIT_S:
            raise ValueError("a message cannot be held for longer than SQS allows")
        if self.renew_at_receptions >= SQS_MAX_RECEPTIONS:
            raise ValueError("SQS would give a message up before it is renewed")

    def put_back_pause_s(self, receptions: int, jitter: float) -> float:
        """Return the pause of a message over its account's cap.

        Args:
            receptions: how often it was received, from 1.
            jitter: from 0 to 1; spreads messages that were put back together.
        """
        doubled = self.put_back_s * 2.0 ** min(receptions - 1, 20)
        return min(self.max_put_back_s, doubled) * (0.5 + 0.5 * jitter)

    def ask_again_pause_s(self, asks: int) -> float:
        """Return how long a run has to start, asked for `asks` times in all so far."""
        return min(self.max_ask_again_s, self.ask_again_s * 2.0 ** min(asks - 1, 20))

    def retry_pause_s(self, failures: int) -> float:
        """Return the pause after a run failed, `failures` of them in all so far."""
        return min(self.max_retry_s, self.retry_s * 2.0 ** min(failures - 1, 20))
