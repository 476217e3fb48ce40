"""LaneHealthStore and LaneAlerts: the same promises on the fakes, PostgreSQL and SNS."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from include.adapters.aws.messaging.lane_alerts import SnsLaneAlerts
from include.adapters.postgres.database import Database
from include.adapters.postgres.lanes.lane_health import PostgresLaneHealth
from include.domain.errors import AlertsUnavailable, EndpointUnavailable, StoreError
from include.domain.lane_health.breaker_state import (
    Breaker,
    BreakerPolicy,
    BreakerState,
    Change,
    Outcome,
    Transition,
    Verdict,
)
from include.domain.lanes import Lane
from include.pipeline.lanes.health import LaneWatch
from include.pipeline.lanes.health_ports import LaneEvent, LaneHealthStore, Window
from tests.support.fakes.lane_health import FakeLaneAlerts, FakeLaneHealth
from tests.support.local_aws import REPOSITORY, LocalAws, clean_environment

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Connect = Callable[[], LaneHealthStore]


@pytest.fixture(params=["fake", "postgres"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes stores that share what they keep, as processes do."""
    if request.param == "fake":
        fake = FakeLaneHealth()
        yield lambda: fake
        return
    url: str = request.getfixturevalue("product_database_url")
    databases: list[Database] = []

    def connected() -> LaneHealthStore:
        databases.append(Database(url))
        return PostgresLaneHealth(databases[-1])

    yield connected
    for database in databases:
        database.close()


def outcome(number: int, verdict: Verdict = Verdict.FAILURE, seconds: float = 0) -> Outcome:
    moment = NOW + timedelta(seconds=seconds)
    return Outcome(f"o-{number}", f"b-{number}", verdict, moment, moment, "it\0broke")


def opening(breaker: Breaker) -> Change:
    after = Breaker(
        BreakerState.OPEN,
        since=NOW,
        counted_from=breaker.counted_from,
        pause_s=60.0,
        half_opens_at=NOW + timedelta(seconds=60),
        reason="enough",
    )
    return Change(after, Transition(breaker.state, after.state, "enough", 0.75, NOW))


def test_a_lane_begins_closed_and_is_kept(connect: Connect) -> None:
    store = connect()
    assert store.breakers() == {}

    change = store.change(Lane.SPOT, lambda b, _: opening(b), now=NOW, since=NOW)

    assert connect().breakers() == {Lane.SPOT: change.breaker}
    again = store.change(Lane.SPOT, lambda b, _: Change(b), now=NOW, since=NOW)
    assert again.breaker == change.breaker


def test_outcomes_are_handed_over_in_order_and_counted_once(connect: Connect) -> None:
    store = connect()
    seen: list[list[str]] = []

    def look(breaker: Breaker, window: Window) -> Change:
        seen.append([each.outcome_id for each in window()])
        return Change(breaker)

    def tell(told: Outcome, lane: Lane = Lane.SPOT) -> None:
        since = NOW - timedelta(seconds=10)
        store.change(lane, look, now=NOW, since=since, outcome=told)

    tell(outcome(1, seconds=-11))
    tell(outcome(3, seconds=3))
    tell(outcome(2, seconds=2))
    tell(outcome(2, seconds=2))
    tell(outcome(4), Lane.TRANSFORM)

    assert seen == [[], ["o-3"], ["o-2", "o-3"], ["o-4"]]


def test_a_decision_that_fails_leaves_nothing(connect: Connect) -> None:
    store = connect()

    def refuse(_: Breaker, __: object) -> Change:
        raise ValueError

    with pytest.raises(ValueError):
        store.change(Lane.SPOT, refuse, now=NOW, since=NOW, outcome=outcome(1))
    assert store.breakers() == {}


def test_events_wait_until_they_are_marked(connect: Connect) -> None:
    store = connect()
    store.change(Lane.SPOT, lambda b, _: opening(b), now=NOW, since=NOW)
    store.change(Lane.TRANSFORM, lambda b, _: opening(b), now=NOW, since=NOW)

    first, second = store.unpublished()

    assert (first.lane, second.lane) == (Lane.SPOT, Lane.TRANSFORM)
    expected = Transition(BreakerState.CLOSED, BreakerState.OPEN, "enough", 0.75, NOW)
    assert first.transition == expected
    store.mark_published(first.event_id, at=NOW)
    store.mark_published(first.event_id, at=NOW + timedelta(days=1))
    assert connect().unpublished() == [second]


def test_of_processes_that_race_one_gets_the_probe(connect: Connect) -> None:
    policy, alerts = BreakerPolicy(), FakeLaneAlerts()
    watches = [LaneWatch(connect(), alerts, policy, lambda: NOW) for _ in range(4)]
    for number in range(3):
        watches[0].failed(Lane.SPOT, f"b{number}", EndpointUnavailable("away"), started_at=NOW)
    later = NOW + timedelta(seconds=61)
    racing = [LaneWatch(connect(), alerts, policy, lambda: later) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        won = list(
            pool.map(
                lambda pair: pair[1].admit(Lane.SPOT, f"batch-{pair[0]}", lease_s=0),
                enumerate(racing),
            )
        )

    assert won.count(True) == 1
    breaker = connect().breakers()[Lane.SPOT]
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.probe_holder == f"batch-{won.index(True)}"


def test_failures_told_by_several_processes_open_the_lane_once(connect: Connect) -> None:
    policy, alerts = BreakerPolicy(minimum_outcomes=8), FakeLaneAlerts()
    watches = [LaneWatch(connect(), alerts, policy, lambda: NOW) for _ in range(4)]

    def fail(number: int) -> None:
        error = EndpointUnavailable("away")
        watches[number % 4].failed(Lane.SPOT, f"b{number}", error, started_at=NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fail, range(12)))

    store = connect()
    assert store.breakers()[Lane.SPOT].state is BreakerState.OPEN
    assert len({event.event_id for event in alerts.sent}) == 1
    assert store.unpublished() == []


def test_the_first_try_of_a_lane_counts_by_a_clock_that_moves(connect: Connect) -> None:
    ticks = itertools.count()
    watch = LaneWatch(
        connect(),
        FakeLaneAlerts(),
        BreakerPolicy(minimum_outcomes=1),
        lambda: NOW + timedelta(milliseconds=next(ticks)),
    )

    watch.failed(Lane.SPOT, "b", EndpointUnavailable("away"), started_at=NOW)

    assert watch.breakers()[Lane.SPOT].state is BreakerState.OPEN


def test_a_store_that_cannot_be_reached_says_so() -> None:
    store = PostgresLaneHealth(Database("postgresql://127.0.0.1:9/none"))
    with pytest.raises(StoreError, match="lane health"):
        store.breakers()


def test_an_event_reaches_the_topics_subscribers(local_aws: LocalAws) -> None:
    sns, sqs = local_aws.client("sns"), local_aws.client("sqs")
    topic = sns.create_topic(Name="lane-events-test")["TopicArn"]
    queue = sqs.create_queue(QueueName="lane-events-test")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    transition = Transition(BreakerState.CLOSED, BreakerState.OPEN, "enough", 0.75, NOW)

    SnsLaneAlerts(lambda: sns, topic).publish(LaneEvent("7", Lane.SPOT, transition))

    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    body = json.loads(message["Body"])
    assert body["Subject"] == "Twolane: lane spot is open"
    assert body["MessageAttributes"]["to_state"]["Value"] == "open"
    assert json.loads(body["Message"]) == {
        "event_id": "7",
        "lane": "spot",
        "from_state": "closed",
        "to_state": "open",
        "reason": "enough",
        "failure_rate": 0.75,
        "at": NOW.isoformat(),
    }


def test_a_topic_that_is_not_there_is_an_error_with_its_name(local_aws: LocalAws) -> None:
    arn = "arn:aws:sns:us-east-1:000000000000:nowhere"
    transition = Transition(BreakerState.CLOSED, BreakerState.OPEN, "enough", 0.75, NOW)
    with pytest.raises(AlertsUnavailable, match="nowhere"):
        SnsLaneAlerts(lambda: local_aws.client("sns"), arn).publish(
            LaneEvent("7", Lane.SPOT, transition)
        )


def test_the_command_shows_opens_and_resets(local_aws: LocalAws, product_database_url: str) -> None:
    environment = {
        **clean_environment(),
        **local_aws.env,
        "TWOLANE_DATABASE_URL": product_database_url,
    }

    def lane_health(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "include.cli.lane_health", *words]
        return subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
        )

    before = lane_health()
    opened = lane_health("open", "spot", "--reason", "maintenance")
    reset = lane_health("reset", "spot", "--reason", "over")
    refused = lane_health("open", "fax", "--reason", "none")

    assert [line.split()[:2] for line in before.stdout.splitlines()] == [
        [lane.value, "closed"] for lane in Lane
    ]
    (spot,) = (line for line in opened.stdout.splitlines() if line.startswith("spot"))
    assert "open" in spot
    assert "by hand: maintenance" in spot
    assert "by hand: over" in reset.stdout
    assert refused.returncode == 2
