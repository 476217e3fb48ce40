"""FeedbackBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.adapters.postgres.models.feedback_book import PostgresFeedbackBook
from include.domain.accounts import Account, Tier
from include.domain.feedback import Feedback, FeedbackFault, FeedbackRow, RefusedRow
from include.pipeline.feedback.ports import FeedbackBook
from include.pipeline.ports.stores import ReadStore
from tests.support.fakes import FakeReadStore
from tests.support.fakes.feedback import FakeFeedbackBook
from tests.support.manifests import SUBMITTED_AT, make_manifest, make_rows

ACCOUNT = make_manifest("b").account
Stores = tuple[ReadStore, FeedbackBook]


@pytest.fixture(params=["fake", "postgres"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "fake":
        fake = FakeReadStore()
        yield fake, FakeFeedbackBook(fake)
        return
    database = Database(request.getfixturevalue("product_database_url"))
    PostgresAccountDirectory(database).put(
        [Account(ACCOUNT, Tier.STANDARD), Account("other", Tier.STANDARD)]
    )
    yield PostgresReadStore(database), PostgresFeedbackBook(database)
    database.close()


def _answer(store: ReadStore, batch_id: str, minutes: int = 0, **changes: str) -> None:
    manifest = make_manifest(batch_id, **changes)
    manifest = replace(manifest, submitted_at=SUBMITTED_AT + timedelta(minutes=minutes))
    store.open_batch(manifest, run_id="run-1")
    store.load_predictions(manifest, make_rows(3))


def test_a_document_is_found_in_the_batch_named_or_in_the_last(stores: Stores) -> None:
    store, book = stores
    _answer(store, "b-old")
    _answer(store, "b-new", minutes=5, version="2")
    _answer(store, "b-others", minutes=9, account="other")
    rows = [
        FeedbackRow(0, "doc-1", "Sports"),
        FeedbackRow(4, "doc-1", "Sports", "b-old"),
        FeedbackRow(5, "doc-1", "Sports", "b-others"),
        FeedbackRow(6, "doc-9", "Sports"),
    ]

    found = book.answered(ACCOUNT, rows)

    assert {row: (each.batch_id, each.model.version) for row, each in found.items()} == {
        0: ("b-new", "2"),
        4: ("b-old", "1"),
    }


def test_the_last_word_counts_and_nothing_is_an_error(stores: Stores) -> None:
    store, book = stores
    _answer(store, "b-1")
    first = Feedback(ACCOUNT, "b-1", "doc-1", "World", "s3://in/a.csv", SUBMITTED_AT)

    book.put([first])
    book.put([replace(first, label="Sports", given_at=SUBMITTED_AT + timedelta(days=1))])
    book.put([first])
    book.put([])

    if isinstance(book, PostgresFeedbackBook):
        with book._database.transaction("test") as connection:
            labels = connection.execute("SELECT document_id, label FROM feedback").fetchall()
        assert labels == [("doc-1", "Sports")]
    else:
        assert isinstance(book, FakeFeedbackBook)
        assert [each.label for each in book.labels.values()] == ["Sports"]


def test_a_row_is_set_aside_once_whatever_it_holds(stores: Stores) -> None:
    _, book = stores
    refused = [RefusedRow(3, FeedbackFault.UNKNOWN_LABEL, "a \0 in it", "\ud800")]

    for _ in range(2):
        book.quarantine("no\0body", refused, uri="s3://in/a.csv", digest="d" * 64)
    book.quarantine(ACCOUNT, [], uri="s3://in/a.csv", digest="d" * 64)

    if isinstance(book, PostgresFeedbackBook):
        with book._database.transaction("test") as connection:
            rows = connection.execute('SELECT "row", reason FROM feedback_quarantine').fetchall()
        assert rows == [(3, "unknown_label")]
