"""What alerts need of the world."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from include.domain.alerts import Alert, AlertKind
from include.domain.promotion.promotion import Promotion
from include.domain.queues.lane_class import LaneClass
from include.pipeline.lanes.health_ports import LaneEvent


class AlertBook(Protocol):
    """Where watchers leave what a person should hear of. Sending is somebody else's work."""

    def post(self, alert: Alert) -> bool:
        """Keep an alert.

        An alert of the same kind and subject that was seen within the book's quiet time is the
        same one: it is counted, and its first words stay.

        Returns:
            True if it is new.

        Raises:
            StoreError: the store cannot be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class PostedAlert:
    """An alert as it stands in the book; `run_id` is the run of its batch, empty for none."""

    number: int
    alert: Alert
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a channel is tried.

    Attributes:
        first_pause: until the second attempt; each further pause is twice the one before.
        max_attempts: after so many an alert is given up on the channel.
        max_age: an alert not seen for so long is not sent any more.
        limit: alerts a channel and time.
    """

    first_pause: timedelta = timedelta(minutes=1)
    max_attempts: int = 8
    max_age: timedelta = timedelta(days=1)
    limit: int = 20


class AlertOutbox(Protocol):
    """What was sent of the book, a row an alert and channel. Raises `StoreError`."""

    def due(
        self, channel: str, kinds: Collection[AlertKind], now: datetime, patience: Patience
    ) -> Sequence[PostedAlert]:
        """Return what is to be sent on a channel now, oldest first."""
        ...

    def claim(self, number: int, channel: str, now: datetime, patience: Patience) -> bool:
        """Count an attempt, and keep others from making one before the next pause is over.

        Returns:
            False where another process was first, or the alert was delivered.
        """
        ...

    def delivered(self, number: int, channel: str, now: datetime) -> None:
        """Note that the channel has taken the alert."""
        ...

    def refused(self, number: int, channel: str, error: str) -> None:
        """Note why an attempt failed."""
        ...


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Messages of an account that became dead letters of a queue on a day, UTC.

    Attributes:
        account: empty where the messages name none.
        reason: of the last one.
        batch_id: of the last one that has a batch.
    """

    lane_class: LaneClass
    account: str
    day: date
    count: int
    last_at: datetime
    reason: str
    batch_id: str | None


@dataclass(frozen=True, slots=True)
class BudgetEvents:
    """Batches that a budget warned of, or refused, on a day, UTC.

    Attributes:
        account: whose budget; `ALL_ACCOUNTS` for that of all.
        standing: `warned` or `refused`.
        reason: of the last one, as is `batch_id`.
    """

    account: str
    day: date
    standing: str
    batches: int
    last_at: datetime
    reason: str
    batch_id: str


class AlertEvents(Protocol):
    """What the product has noted and a person should hear of. Raises `StoreError`."""

    def dead_letters(self, since: datetime) -> Sequence[DeadLetters]:
        """Return dead letters by queue, account and day."""
        ...

    def openings(self, since: datetime) -> Sequence[LaneEvent]:
        """Return the breakers that opened."""
        ...

    def budget_events(self, since: datetime) -> Sequence[BudgetEvents]:
        """Return what budgets said, by account, day and standing."""
        ...

    def champion_returns(self, since: datetime) -> Sequence[Promotion]:
        """Return the champions that use cases of ours took back by themselves, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class QueueGauge:
    """A queue as its service sees it.

    Attributes:
        waiting: messages that could be received now, about.
        oldest_s: age of the oldest message, in seconds; None where that is not known.
    """

    waiting: int
    oldest_s: float | None


class QueueGauges(Protocol):
    """Depth and age of queues."""

    def read(self, queue_name: str, now: datetime) -> QueueGauge:
        """Measure a queue. Raises `QueueUnavailable`."""
        ...
