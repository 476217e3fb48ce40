"""Each alert once on each of its channels, whatever fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from include.domain.alerts import Alert, AlertKind
from include.domain.errors import AlertsUnavailable
from include.pipeline.alerts.notice import Notice
from include.pipeline.alerts.ports import Patience
from include.pipeline.alerts.send_alerts import Channel, ChannelReport, send_alerts
from tests.support.fakes.alerts import FakeAlertBook, FakeAlertOutbox

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ALL = frozenset(AlertKind)


@dataclass
class Receiver:
    """Takes notices, and refuses as often as it is told to."""

    got: list[Notice] = field(default_factory=list)
    refusals: int = 0

    def __call__(self, notice: Notice) -> None:
        if self.refusals:
            self.refusals -= 1
            raise AlertsUnavailable("no")
        self.got.append(notice)

    @property
    def titles(self) -> list[str]:
        return [notice.title for notice in self.got]


class World:
    def __init__(self, patience: Patience | None = None) -> None:
        self.book = FakeAlertBook()
        self.outbox = FakeAlertOutbox(self.book)
        self.patience = patience or Patience()

    def post(self, title: str, kind: AlertKind = AlertKind.BUDGET, at: datetime = NOW) -> None:
        self.book.post(Alert(kind, title, title, "", "Look.", at, "b-1"))

    def send(self, *channels: Channel, minutes: float = 0) -> list[ChannelReport]:
        return send_alerts(
            channels,
            outbox=self.outbox,
            link=lambda posted: f"http://airflow/{posted.alert.batch_id}",
            clock=lambda: NOW + timedelta(minutes=minutes),
            patience=self.patience,
        )


def test_each_alert_is_sent_once_a_channel():
    world, slack, email = World(), Receiver(), Receiver()
    channels = (Channel("slack", ALL, slack), Channel("email", {AlertKind.DRIFT}, email))
    world.post("budget")
    world.post("drift", AlertKind.DRIFT)

    reports = [world.send(*channels, minutes=minute) for minute in range(3)]

    assert reports[0] == [
        ChannelReport("slack", ("budget", "drift")),
        ChannelReport("email", ("drift",)),
    ]
    assert slack.titles == ["budget", "drift"]
    assert email.titles == ["drift"]
    assert slack.got[0].link == "http://airflow/b-1"


def test_a_channel_that_fails_is_tried_again_after_longer_and_longer():
    world, slack = World(), Receiver(refusals=2)
    channel = Channel("slack", ALL, slack)
    world.post("one")

    said = [world.send(channel, minutes=minute)[0] for minute in (0, 0.5, 1, 2, 2.5, 3)]

    assert [report.failure for report in said] == ["no", "", "no", "", "", ""]
    assert [report.sent for report in said][-1] == ("one",)
    assert world.outbox.errors == {}


def test_what_one_channel_refuses_holds_up_no_other_and_nothing_for_long():
    world, slack, sns = World(), Receiver(refusals=1), Receiver()
    channels = (Channel("slack", ALL, slack), Channel("sns", ALL, sns))
    world.post("one")
    world.post("two")

    world.send(*channels)
    assert sns.titles == ["one", "two"]
    assert slack.titles == []

    world.send(*channels, minutes=0.5)
    world.send(*channels, minutes=1)
    assert slack.titles == ["two", "one"]


def test_it_is_given_up_in_the_end_and_the_reason_stands():
    world, slack = World(Patience(max_attempts=3)), Receiver(refusals=100)
    world.post("one")

    for minute in range(60):
        world.send(Channel("slack", ALL, slack), minutes=minute)

    assert world.outbox.attempts == {(1, "slack"): 3}
    assert world.outbox.errors == {(1, "slack"): "no"}


def test_a_channel_connected_late_is_not_told_of_old_times():
    world, slack = World(), Receiver()
    world.post("old", at=NOW - timedelta(days=2))
    world.post("new")

    world.send(Channel("slack", ALL, slack))

    assert slack.titles == ["new"]


def test_a_sender_that_died_on_the_way_has_it_sent_again():
    world, slack = World(), Receiver()
    world.post("one")
    assert world.outbox.claim(1, "slack", NOW, world.patience)

    world.send(Channel("slack", ALL, slack))
    assert slack.titles == []

    world.send(Channel("slack", ALL, slack), minutes=1)
    assert slack.titles == ["one"]
