"""AlertBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from include.adapters.postgres.alerts.alert_book import KEPT, PostgresAlertBook
from include.adapters.postgres.database import Database
from include.domain.alerts import Alert, AlertKind
from include.pipeline.alerts.ports import AlertBook
from tests.support.fakes.alerts import FakeAlertBook

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
QUIET = timedelta(hours=6)
RISK = Alert(AlertKind.DEADLINE_RISK, "b-1", "b-1 may be late", "p = 0.9", "Look.", NOW, "b-1")
Connect = Callable[[], AlertBook]


@pytest.fixture(params=["fake", "postgres"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes books that share what they keep, as processes do."""
    if request.param == "fake":
        fake = FakeAlertBook(QUIET)
        yield lambda: fake
        return
    url: str = request.getfixturevalue("product_database_url")
    databases: list[Database] = []

    def connected() -> AlertBook:
        databases.append(Database(url))
        return PostgresAlertBook(databases[-1], quiet=QUIET)

    yield connected
    for database in databases:
        database.close()


def test_an_alert_is_new_once(connect: Connect) -> None:
    assert connect().post(RISK)
    assert not connect().post(replace(RISK, detail="p = 0.95", at=NOW + timedelta(minutes=1)))
    assert connect().post(replace(RISK, kind=AlertKind.DEADLINE_MISSED))
    assert connect().post(replace(RISK, subject="b-2"))


def test_what_goes_on_stays_one_alert_and_what_comes_back_is_another(connect: Connect) -> None:
    book = connect()
    assert book.post(RISK)
    assert not book.post(replace(RISK, at=NOW + timedelta(hours=5)))
    assert not book.post(replace(RISK, at=NOW + timedelta(hours=10)))
    assert book.post(replace(RISK, at=NOW + timedelta(hours=16)))


def test_texts_of_strangers_are_kept(connect: Connect) -> None:
    odd = replace(RISK, subject="nul\0", title="nul\0 \ud800", detail="'; --")
    assert connect().post(odd)
    assert not connect().post(odd)


def test_of_many_watchers_at_once_one_is_the_first(product_database_url: str) -> None:
    books = [Database(product_database_url) for _ in range(4)]
    with ThreadPoolExecutor(len(books)) as pool:
        made = list(
            pool.map(lambda each: PostgresAlertBook(each, quiet=QUIET).post(RISK), books * 3)
        )
    with books[0].transaction("counting") as connection:
        rows = connection.execute("SELECT times FROM alerts").fetchall()
    for each in books:
        each.close()

    assert made.count(True) == 1
    assert rows == [(1,)]


def test_an_event_that_is_looked_at_again_counts_once(product_database_url: str) -> None:
    database = Database(product_database_url)
    book = PostgresAlertBook(database, quiet=QUIET)

    def seen(at: datetime) -> list[tuple[object, ...]]:
        book.post(replace(RISK, at=at))
        with database.transaction("counting") as connection:
            return connection.execute("SELECT times, last_at, ctid FROM alerts").fetchall()

    first = seen(NOW)
    assert seen(NOW) == first, "the row is not written again"
    ((times, last_at, _),) = later = seen(NOW + timedelta(minutes=1))
    assert seen(NOW) == later
    database.close()

    assert (times, last_at) == (2, NOW + timedelta(minutes=1))


def test_alerts_do_not_pile_up_for_ever(product_database_url: str) -> None:
    database = Database(product_database_url)
    book = PostgresAlertBook(database, quiet=QUIET)
    old = NOW - KEPT
    for number, at in enumerate((old - timedelta(seconds=1), old, NOW)):
        book.post(replace(RISK, subject=f"b-{number}", at=at))
    with database.transaction("counting") as connection:
        rows = connection.execute("SELECT subject FROM alerts ORDER BY at").fetchall()
    database.close()

    assert rows == [("b-1",), ("b-2",)]


@pytest.mark.parametrize("wrong", [{"title": "two\nlines"}, {"next_step": ""}, {"subject": ""}])
def test_an_alert_says_what_to_do_in_its_place(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="alert"):
        replace(RISK, **wrong)
