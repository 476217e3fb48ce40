"""AlertOutbox: the same promises on the fake and on PostgreSQL; AlertEvents on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.alerts.alert_book import PostgresAlertBook
from include.adapters.postgres.alerts.alert_events import PostgresAlertEvents
from include.adapters.postgres.alerts.alert_outbox import PostgresAlertOutbox
from include.adapters.postgres.batches.queue_ledger import PostgresQueueLedger
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.adapters.postgres.lanes.lane_health import PostgresLaneHealth
from include.adapters.postgres.models.promotion_book import PostgresPromotionBook
from include.adapters.postgres.money.budget_book import PostgresBudgetBook
from include.domain.accounts import Account, Tier
from include.domain.alerts import Alert, AlertKind
from include.domain.lane_health.breaker_state import Breaker, BreakerState, Change, Transition
from include.domain.lanes import Lane
from include.domain.money.budgets import Budget
from include.domain.promotion.promotion import FOLLOWER, WATCHER, Promotion, PromotionKind
from include.domain.queues.lane_class import LaneClass
from include.pipeline.alerts.ports import AlertBook, AlertOutbox, Patience
from tests.support.fakes.alerts import FakeAlertBook, FakeAlertOutbox
from tests.support.manifests import make_manifest

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATIENCE = Patience(max_attempts=3)
ALL = frozenset(AlertKind)


@dataclass
class World:
    book: AlertBook
    outbox: AlertOutbox

    def post(self, *titles: str, kind: AlertKind = AlertKind.BUDGET, at: datetime = NOW) -> None:
        for title in titles:
            assert self.book.post(Alert(kind, title, title, "seen", "Look.", at, "b-1"))

    def due(self, now: datetime = NOW, *, patience: Patience = PATIENCE) -> list[str]:
        found = self.outbox.due("slack", ALL, now, patience)
        return [posted.alert.title for posted in found]

    def claim(self, number: int, now: datetime = NOW) -> bool:
        return self.outbox.claim(number, "slack", now, PATIENCE)


@pytest.fixture
def database(product_database_url: str) -> Iterator[Database]:
    database = Database(product_database_url)
    yield database
    database.close()


@pytest.fixture(params=["fake", "postgres"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        book = FakeAlertBook()
        return World(book, FakeAlertOutbox(book))
    database = request.getfixturevalue("database")
    quiet = timedelta(hours=6)
    return World(PostgresAlertBook(database, quiet=quiet), PostgresAlertOutbox(database))


def test_what_is_due_is_what_was_posted_and_not_sent(world: World) -> None:
    world.post("one", "two")
    world.post("drift", kind=AlertKind.DRIFT)

    posted = world.outbox.due("slack", {AlertKind.BUDGET}, NOW, PATIENCE)
    assert [each.alert.title for each in posted] == ["one", "two"]
    assert posted[0].alert == Alert(AlertKind.BUDGET, "one", "one", "seen", "Look.", NOW, "b-1")

    assert world.claim(posted[0].number)
    world.outbox.delivered(posted[0].number, "slack", NOW)
    assert world.due(NOW + MINUTE) == ["two", "drift"]
    assert not world.claim(posted[0].number, NOW + MINUTE)
    assert len(world.outbox.due("sns", ALL, NOW, PATIENCE)) == 3


def test_a_claim_holds_until_its_pause_is_over_and_pauses_double(world: World) -> None:
    world.post("one")
    (number,) = (posted.number for posted in world.outbox.due("slack", ALL, NOW, PATIENCE))

    tried = []
    for half_minutes in range(12):
        now = NOW + half_minutes * MINUTE / 2
        if world.due(now) and world.claim(number, now):
            assert not world.claim(number, now)
            world.outbox.refused(number, "slack", "no\0")
            tried.append(half_minutes / 2)

    assert tried == [0, 1, 3]


def test_what_is_old_is_not_due_and_no_more_than_the_limit(world: World) -> None:
    world.post("old", at=NOW - timedelta(days=1))
    world.post("one", "two", "three")

    assert world.due(patience=Patience(limit=2)) == ["one", "two"]


def test_an_alert_knows_the_run_of_its_batch(database: Database) -> None:
    PostgresAccountDirectory(database).put([Account("standard-harbor", Tier.STANDARD)])
    PostgresReadStore(database).open_batch(make_manifest("b-1"), run_id="run 7")
    world = World(
        PostgresAlertBook(database, quiet=timedelta(hours=6)), PostgresAlertOutbox(database)
    )
    world.post("one")

    (posted,) = world.outbox.due("slack", ALL, NOW, PATIENCE)

    assert posted.run_id == "run 7"


def test_of_two_senders_one_sends(product_database_url: str) -> None:
    databases = [Database(product_database_url) for _ in range(4)]
    World(
        PostgresAlertBook(databases[0], quiet=timedelta(hours=6)),
        PostgresAlertOutbox(databases[0]),
    ).post("one")

    def claim(database: Database) -> bool:
        return PostgresAlertOutbox(database).claim(1, "slack", NOW, PATIENCE)

    with ThreadPoolExecutor(len(databases)) as pool:
        claims = list(pool.map(claim, databases))
    for each in databases:
        each.close()

    assert claims.count(True) == 1


def test_events_are_what_queues_breakers_and_budgets_noted(database: Database) -> None:
    began = datetime.now(UTC) - MINUTE
    PostgresAccountDirectory(database).put([Account("standard-harbor", Tier.STANDARD)])
    PostgresReadStore(database).open_batch(make_manifest("b-1"), run_id="run-1")
    queue = PostgresQueueLedger(database)
    for key, reason in (("k-1", "no account"), ("k-2", "not JSON")):
        queue.refuse(key, lane_class=LaneClass.BULK, account="lumen", reason=reason, message_id=key)
    budgets = PostgresBudgetBook(database)
    budgets.put(Budget("standard-harbor", 1.0), by="ada")
    budgets.reserve("standard-harbor", "b-1", 2.0, NOW.date())

    def open_it(breaker: Breaker, _: object) -> Change:
        opened = Breaker(BreakerState.OPEN, NOW, NOW, 60.0, NOW + MINUTE, "", None, "3 of 4")
        return Change(opened, Transition(breaker.state, opened.state, "3 of 4", 0.75, NOW))

    PostgresLaneHealth(database).change(Lane.SPOT, open_it, now=NOW, since=NOW)
    events = PostgresAlertEvents(database)

    (letters,) = events.dead_letters(began)
    assert (letters.lane_class, letters.account, letters.count) == (LaneClass.BULK, "lumen", 2)
    assert letters.reason == "not JSON"
    assert letters.batch_id is None
    (budget,) = events.budget_events(began)
    assert (budget.account, budget.day, budget.standing) == (
        "standard-harbor",
        NOW.date(),
        "refused",
    )
    assert (budget.batches, budget.batch_id) == (1, "b-1")
    (opening,) = events.openings(NOW - MINUTE)
    assert (opening.lane, opening.transition.to_state) == (Lane.SPOT, BreakerState.OPEN)
    promotions = PostgresPromotionBook(database)
    rung = Promotion("news", PromotionKind.ROLLED_BACK, "2", "1", WATCHER, "5xx", "", NOW)
    by_hand = replace(rung, kind=PromotionKind.REVERTED, from_version=None, by=FOLLOWER)
    with promotions.turn("news") as turn:
        for each in (rung, replace(rung, by="ada"), by_hand):
            turn.record(each)
    assert events.champion_returns(NOW - MINUTE) == [rung, by_hand]
    assert events.champion_returns(NOW) == []
    later = datetime.now(UTC) + MINUTE
    assert not [*events.dead_letters(later), *events.budget_events(later), *events.openings(later)]
