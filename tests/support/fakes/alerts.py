"""AlertBook, AlertOutbox and the watched things in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from include.domain.alerts import Alert, AlertKind
from include.domain.promotion.promotion import FOLLOWER, WATCHER, Promotion
from include.pipeline.alerts.ports import (
    BudgetEvents,
    DeadLetters,
    Patience,
    PostedAlert,
    QueueGauge,
)
from include.pipeline.lanes.health_ports import LaneEvent


class FakeAlertBook:
    """Alerts in `posted`, each once; `quiet` as in `PostgresAlertBook`."""

    def __init__(self, quiet: timedelta = timedelta(hours=6)) -> None:
        self.posted: list[Alert] = []
        self._quiet = quiet
        self._last: dict[tuple[AlertKind, str], datetime] = {}

    def post(self, alert: Alert) -> bool:
        key = (alert.kind, alert.subject)
        last = self._last.get(key)
        self._last[key] = max(filter(None, (last, alert.at)))
        if last is not None and last > alert.at - self._quiet:
            return False
        self.posted.append(alert)
        return True


class FakeAlertOutbox:
    """Sends what a `FakeAlertBook` holds; an alert's number is its place there, from 1."""

    def __init__(self, book: FakeAlertBook) -> None:
        self._book = book
        self.attempts: dict[tuple[int, str], int] = {}
        self.next_try: dict[tuple[int, str], datetime] = {}
        self.taken: dict[tuple[int, str], datetime] = {}
        self.errors: dict[tuple[int, str], str] = {}

    def due(
        self, channel: str, kinds: Collection[AlertKind], now: datetime, patience: Patience
    ) -> Sequence[PostedAlert]:
        found = [
            PostedAlert(number, alert)
            for number, alert in enumerate(self._book.posted, start=1)
            if alert.kind in kinds
            and alert.at > now - patience.max_age
            and self._is_free((number, channel), now)
            and self.attempts.get((number, channel), 0) < patience.max_attempts
        ]
        return found[: patience.limit]

    def claim(self, number: int, channel: str, now: datetime, patience: Patience) -> bool:
        key = (number, channel)
        if not self._is_free(key, now):
            return False
        made = self.attempts.get(key, 0)
        self.attempts[key] = made + 1
        self.next_try[key] = now + patience.first_pause * 2**made
        return True

    def delivered(self, number: int, channel: str, now: datetime) -> None:
        self.taken[number, channel] = now
        self.errors.pop((number, channel), None)

    def refused(self, number: int, channel: str, error: str) -> None:
        self.errors[number, channel] = error

    def _is_free(self, key: tuple[int, str], now: datetime) -> bool:
        return key not in self.taken and self.next_try.get(key, now) <= now


class FakeAlertEvents:
    """The events given."""

    def __init__(self) -> None:
        self.letters: list[DeadLetters] = []
        self.opened: list[LaneEvent] = []
        self.budgets: list[BudgetEvents] = []
        self.promotions: list[Promotion] = []

    def dead_letters(self, since: datetime) -> Sequence[DeadLetters]:
        return [each for each in self.letters if each.last_at > since]

    def openings(self, since: datetime) -> Sequence[LaneEvent]:
        return [each for each in self.opened if each.transition.at > since]

    def budget_events(self, since: datetime) -> Sequence[BudgetEvents]:
        return [each for each in self.budgets if each.last_at > since]

    def champion_returns(self, since: datetime) -> Sequence[Promotion]:
        by_us = (each for each in self.promotions if each.by in {FOLLOWER, WATCHER})
        return [each for each in by_us if each.at > since]


class FakeQueueGauges:
    """The gauges given, by queue; of any other queue an empty one."""

    def __init__(self, **gauges: QueueGauge) -> None:
        self.gauges = gauges

    def read(self, queue_name: str, now: datetime) -> QueueGauge:
        return self.gauges.get(queue_name, QueueGauge(0, None))
