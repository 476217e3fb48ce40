"""What is posted of queues, breakers, budgets, champions and drift."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from include.domain.alerts import AlertKind
from include.domain.lane_health.breaker_state import BreakerState, Transition
from include.domain.lanes import Lane
from include.domain.promotion.promotion import FOLLOWER, WATCHER, Promotion, PromotionKind
from include.domain.queues.lane_class import LaneClass
from include.pipeline.alerts.ports import BudgetEvents, DeadLetters, QueueGauge
from include.pipeline.alerts.watch_events import EventPorts, watch_events
from include.pipeline.alerts.watch_queues import QueueLimits, WatchedQueue, watch_queues
from include.pipeline.drift.ports import Alarm
from include.pipeline.lanes.health_ports import LaneEvent
from tests.support.fakes.alerts import FakeAlertBook, FakeAlertEvents, FakeQueueGauges

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = NOW.date()
QUEUES = {LaneClass.EXPRESS: WatchedQueue("twolane-express", QueueLimits(10, 60.0))}


class World:
    def __init__(self) -> None:
        self.events = FakeAlertEvents()
        self.alarms: list[Alarm] = []
        self.book = FakeAlertBook()
        self.ports = EventPorts(self.events, self._alarms, self.book)

    def _alarms(self, since: date, until: date) -> list[Alarm]:
        return [each for each in self.alarms if since <= each.night <= until]


def test_dead_letters_are_told_once_a_day_and_account():
    world = World()
    letters = DeadLetters(LaneClass.BULK, "lumen", DAY, 2, NOW, "no account 'lumen'", "b-9")
    world.events.letters = [letters]

    (alert,) = watch_events(world.ports, NOW)
    world.events.letters = [replace(letters, count=5, last_at=NOW + timedelta(minutes=9))]

    assert watch_events(world.ports, NOW + timedelta(minutes=10)) == []
    assert alert.kind is AlertKind.DEAD_LETTERS
    assert alert.batch_id == "b-9"
    assert "no account 'lumen'" in alert.detail
    assert "include.cli.redrive bulk" in alert.next_step


def test_each_opening_of_a_breaker_is_an_alert_of_its_own():
    world = World()
    opened = Transition(BreakerState.CLOSED, BreakerState.OPEN, "3 of 4 failed", 0.75, NOW)
    world.events.opened = [LaneEvent("7", Lane.SPOT, opened), LaneEvent("8", Lane.SPOT, opened)]

    alerts = watch_events(world.ports, NOW)

    assert [alert.subject for alert in alerts] == ["spot 7", "spot 8"]
    assert alerts[0].detail == "3 of 4 failed (failure rate 75%)"
    assert watch_events(world.ports, NOW) == []


def test_a_budget_that_warns_and_then_refuses_is_told_twice():
    world = World()
    warned = BudgetEvents("harbor", DAY, "warned", 1, NOW, "81 % of $1", "b-1")
    world.events.budgets = [warned, replace(warned, standing="refused", reason="all spent")]

    alerts = watch_events(world.ports, NOW)

    assert [alert.title for alert in alerts] == [
        "Budget of harbor: batches warned",
        "Budget of harbor: batches refused",
    ]
    world.events.budgets = [replace(warned, account="*")]
    (alert,) = watch_events(world.ports, NOW)
    assert alert.title == "Budget of all accounts: batches warned"


def test_champions_that_were_taken_back_are_told_each_time_and_other_moves_are_not():
    world = World()
    rung = Promotion(
        "news", PromotionKind.ROLLED_BACK, "2", "1", WATCHER, "errors: 12 of 20 calls", "", NOW
    )
    put_back = replace(
        rung,
        kind=PromotionKind.REVERTED,
        from_version=None,
        by=FOLLOWER,
        reason="the alias was taken away",
        at=NOW + timedelta(minutes=5),
    )
    again = replace(rung, at=NOW + timedelta(minutes=9))
    asked = [
        replace(rung, by="ada", at=NOW + timedelta(minutes=6)),
        replace(rung, kind=PromotionKind.PROMOTED, by="ada", at=NOW + timedelta(minutes=7)),
    ]
    world.events.promotions = [rung, put_back, *asked, again]

    alerts = watch_events(world.ports, NOW + timedelta(minutes=10))

    assert {alert.kind for alert in alerts} == {AlertKind.CHAMPION_RETURNED}
    assert [(alert.title, alert.detail) for alert in alerts] == [
        ("news: the champion was rolled back on an alarm, 2 → 1", "errors: 12 of 20 calls"),
        ("news: a champion moved by hand was put back, none → 1", "the alias was taken away"),
        ("news: the champion was rolled back on an alarm, 2 → 1", "errors: 12 of 20 calls"),
    ]
    assert watch_events(world.ports, NOW + timedelta(minutes=11)) == []


def test_features_that_moved_together_are_one_alert():
    world = World()
    world.alarms = [
        Alarm("news", "1", "a", DAY, "words", 0.4),
        Alarm("news", "1", "b", DAY, "score", 0.3),
        Alarm("news", "1", "a", DAY, "length", 0.9),
        Alarm("news", "1", "a", DAY - timedelta(days=5), "length", 0.9),
    ]

    alerts = watch_events(world.ports, NOW)

    assert [(alert.subject, alert.detail) for alert in alerts] == [
        (f"news a {DAY}", "words 0.40, length 0.90"),
        (f"news b {DAY}", "score 0.30"),
    ]


def look(gauge: QueueGauge, book: FakeAlertBook, minutes: float = 0) -> list[AlertKind]:
    gauges = FakeQueueGauges(**{"twolane-express": gauge})
    now = NOW + timedelta(minutes=minutes)
    return [alert.kind for alert in watch_queues(QUEUES, gauges=gauges, book=book, now=now)]


def test_a_queue_is_told_of_when_it_is_deep_or_late():
    assert look(QueueGauge(10, 60.0), FakeAlertBook()) == []
    assert look(QueueGauge(11, 5.0), FakeAlertBook()) == [AlertKind.QUEUE_DEPTH]
    assert look(QueueGauge(1, 61.0), FakeAlertBook()) == [AlertKind.QUEUE_AGE]


def test_an_age_that_is_not_known_is_no_age():
    assert look(QueueGauge(10, None), FakeAlertBook()) == []


def test_a_queue_that_stays_deep_is_one_alert_and_comes_back_as_another():
    book, deep = FakeAlertBook(), QueueGauge(500, None)

    assert [look(deep, book, minute) for minute in (0, 1, 60)] == [[AlertKind.QUEUE_DEPTH], [], []]
    assert look(deep, book, 60 * 8) == [AlertKind.QUEUE_DEPTH]
