"""SlaBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.batches.sla_book import PostgresSlaBook
from include.adapters.postgres.database import Database
from include.domain.accounts import Account, Tier
from include.domain.sla.events import Action, SlaEvent, SlaKind
from include.domain.sla.objectives import Objective
from include.domain.sla.stages import Stage
from include.pipeline.ports.stores import BatchClosure
from include.pipeline.sla.ports import SlaBook
from tests.support.fakes.sla import FakeSlaBook
from tests.support.manifests import SUBMITTED_AT, make_manifest

DUE = timedelta(seconds=900)
LONG_AGO = SUBMITTED_AT - timedelta(days=30)


@pytest.fixture
def database(product_database_url: str) -> Iterator[Database]:
    database = Database(product_database_url)
    PostgresAccountDirectory(database).put([Account("standard-harbor", Tier.STANDARD)])
    yield database
    database.close()


class Batches:
    """Puts batches where the book finds them; each is due a quarter of an hour after the other."""

    def __init__(self, database: Database | None, fake: FakeSlaBook) -> None:
        self._store = PostgresReadStore(database) if database else None
        self._fake = fake

    def open(self, batch_id: str, number: int = 1) -> None:
        manifest = replace(make_manifest(batch_id), deadline_at=SUBMITTED_AT + number * DUE)
        if self._store:
            self._store.open_batch(manifest, run_id="run")
        else:
            self._fake.open(manifest)

    def close(self, batch_id: str, state: str, after_s: float, *, met: bool) -> None:
        ended = SUBMITTED_AT + timedelta(seconds=after_s)
        message = "" if state == "succeeded" else "the lane gave up"
        closure = BatchClosure(state, message, ended, met, "")
        if self._store:
            self._store.close_batch(batch_id, closure)
        else:
            self._fake.close(batch_id, closure)


@pytest.fixture(params=["fake", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def book(kind: str, request: pytest.FixtureRequest) -> SlaBook:
    if kind == "fake":
        return FakeSlaBook()
    return PostgresSlaBook(request.getfixturevalue("database"))


@pytest.fixture
def batches(kind: str, book: SlaBook, request: pytest.FixtureRequest) -> Batches:
    if isinstance(book, FakeSlaBook):
        return Batches(None, book)
    return Batches(request.getfixturevalue("database"), FakeSlaBook())


def risk(batch_id: str, action: Action | None = None) -> SlaEvent:
    return SlaEvent(
        batch_id,
        SlaKind.RISK,
        Stage.LANE,
        SUBMITTED_AT,
        "slow",
        SUBMITTED_AT + 2 * DUE,
        0.75,
        action,
    )


def test_what_runs_is_told_in_the_order_it_is_due(book: SlaBook, batches: Batches) -> None:
    batches.open("b-later", 2)
    batches.open("b-sooner", 1)
    batches.open("b-done", 1)
    batches.close("b-done", "succeeded", 60, met=True)

    found = book.running()

    assert [each.batch_id for each in found] == ["b-sooner", "b-later"]
    assert (found[0].account, found[0].tier) == ("standard-harbor", Tier.STANDARD)
    assert found[0].deadline_at - found[0].submitted_at == DUE


def test_an_event_is_kept_once_and_each_action_apart(book: SlaBook, batches: Batches) -> None:
    batches.open("b-1")

    assert book.note(risk("b-1"))
    assert not book.note(replace(risk("b-1"), detail="again"))
    assert book.note(risk("b-1", Action.ADD_INSTANCES))
    assert not book.note(risk("b-1", Action.ADD_INSTANCES))

    assert sorted(book.events("b-1"), key=str) == sorted(
        [risk("b-1"), risk("b-1", Action.ADD_INSTANCES)], key=str
    )
    assert list(book.events("b-2")) == []


def test_a_miss_is_told_until_it_is_noted(book: SlaBook, batches: Batches) -> None:
    for name in ("b-late", "b-failed", "b-runs", "b-met"):
        batches.open(name)
    batches.open("b-has-time", 9)
    batches.close("b-late", "succeeded", 1000, met=False)
    batches.close("b-failed", "failed", 60, met=False)
    batches.close("b-met", "succeeded", 60, met=True)
    now = SUBMITTED_AT + 2 * DUE

    found = {each.batch_id: each for each in book.unreported_misses(LONG_AGO, now)}

    assert set(found) == {"b-late", "b-failed", "b-runs"}
    assert found["b-failed"].message == "the lane gave up"
    assert found["b-late"].closed_at == SUBMITTED_AT + timedelta(seconds=1000)
    assert found["b-runs"].state == "running"
    book.note(SlaEvent("b-late", SlaKind.MISS, Stage.LOAD, now, "late"))
    left = {each.batch_id for each in book.unreported_misses(LONG_AGO, now)}
    assert left == {"b-failed", "b-runs"}
    assert list(book.unreported_misses(now, now)) == [], "that was long ago"


def test_a_week_has_its_share_in_time(book: SlaBook, batches: Batches) -> None:
    for name in ("b-1", "b-2", "b-3", "b-4", "b-runs"):
        batches.open(name)
    batches.open("b-has-time", 9)
    batches.close("b-1", "succeeded", 100, met=True)
    batches.close("b-2", "succeeded", 200, met=True)
    batches.close("b-3", "succeeded", 1000, met=False)
    batches.close("b-4", "failed", 50, met=False)
    now = SUBMITTED_AT + 2 * DUE

    (week,) = book.attainment(LONG_AGO, now)

    assert (week.batches, week.met, week.failed) == (5, 2, 1)
    assert week.week.isoweekday() == 1
    assert 0 <= (SUBMITTED_AT.date() - week.week).days < 7
    assert (week.tier, week.attainment) == (Tier.STANDARD, 0.4)
    assert (week.p50_s, week.p95_s) == (200.0, pytest.approx(920.0))
    assert week.keeps(Objective(Tier.STANDARD, 900, 0.4))
    assert not week.keeps(Objective(Tier.STANDARD, 900, 0.41))
    assert list(book.attainment(now, now)) == []
