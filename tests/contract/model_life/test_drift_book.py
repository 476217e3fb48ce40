"""DriftBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.adapters.postgres.models.drift_book import PostgresDriftBook
from include.adapters.postgres.models.feedback_book import PostgresFeedbackBook
from include.domain.accounts import Account, Tier
from include.domain.drift.features import Feature
from include.domain.drift.policy import Comparison, Finding, Level, Source, Stream
from include.domain.drift.sketch import Sketch
from include.domain.feedback import Feedback
from include.pipeline.drift.ports import (
    BatchProfile,
    DriftBook,
    DriftRelease,
    LabelledAnswers,
    LabelledReference,
)
from include.pipeline.feedback.ports import FeedbackBook
from include.pipeline.ports.stores import BatchClosure, ReadStore
from tests.support.drifting import sketch
from tests.support.fakes.drift import FakeDriftBook
from tests.support.manifests import SUBMITTED_AT, make_manifest, make_rows

ACCOUNT = make_manifest("b").account
MODEL = make_manifest("b").model
STREAM = Stream(ACCOUNT, MODEL)
FIRST = date(2026, 3, 1)
RANDOM = np.random.default_rng(0)
Stores = tuple[ReadStore, DriftBook, FeedbackBook]


@pytest.fixture(params=["fake", "postgres"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "fake":
        fake = FakeDriftBook()
        yield fake.store, fake, fake.feedback
        return
    database = Database(request.getfixturevalue("product_database_url"))
    PostgresAccountDirectory(database).put(
        [Account(ACCOUNT, Tier.STANDARD), Account("other", Tier.STANDARD)]
    )
    yield PostgresReadStore(database), PostgresDriftBook(database), PostgresFeedbackBook(database)
    database.close()


def _close(
    store: ReadStore, batch_id: str, minutes: int = 0, state: str = "succeeded", **changes: str
) -> None:
    manifest = make_manifest(batch_id, **changes)
    store.open_batch(manifest, run_id="run-1")
    store.load_predictions(manifest, make_rows(10))
    closed_at = SUBMITTED_AT + timedelta(minutes=minutes)
    store.close_batch(batch_id, BatchClosure(state, "", closed_at, True, ""))


def _keep(
    stores: Stores, batch_id: str, night: int, found: Sketch | None, stream: Stream = STREAM
) -> None:
    _close(stores[0], batch_id, account=stream.account, version=stream.model.version)
    stores[1].keep_profile(BatchProfile(batch_id, stream, FIRST + timedelta(days=night), found))


def test_batches_are_to_be_looked_at_once(stores: Stores) -> None:
    store, book, _ = stores
    _close(store, "b-late", 30)
    _close(store, "b-early", 10)
    _close(store, "b-old", 1)
    _close(store, "b-failed", 20, state="failed")
    since = SUBMITTED_AT + timedelta(minutes=10)
    assert book.unprofiled(since) == ["b-early", "b-late"]

    book.keep_profile(BatchProfile("b-early", STREAM, FIRST, sketch(RANDOM, 5)))
    book.keep_profile(BatchProfile("b-late", STREAM, FIRST, None))

    assert book.unprofiled(since) == []


def test_streams_of_a_night_have_their_first_nights_and_the_last(stores: Stores) -> None:
    book = stores[1]
    parts = [sketch(RANDOM, 5) for _ in range(9)]
    for night, part in enumerate(parts):
        _keep(stores, f"b-{night}", night, part)
    _keep(stores, "b-8b", 8, parts[0])
    _keep(stores, "b-later", 9, parts[0])
    newer = Stream(ACCOUNT, replace(MODEL, version="2"))
    _keep(stores, "b-newer", 8, parts[1], newer)
    _keep(stores, "b-quiet", 3, parts[2], Stream("other", MODEL))
    _keep(stores, "b-empty", 8, None, Stream("other", MODEL))
    book.keep_profile(BatchProfile("b-8", STREAM, FIRST, parts[3]))

    found = book.streams(FIRST + timedelta(days=8), first_nights=2, window_days=3)

    assert found.keys() == {STREAM, newer}
    assert [(day.night - FIRST).days for day in found[STREAM]] == [0, 1, 6, 7, 8]
    assert found[STREAM][0].sketch == parts[0]
    assert found[STREAM][-1].sketch.documents == 10
    assert found[STREAM][-1].sketch.labels == (parts[8] + parts[0]).labels
    assert [day.sketch for day in found[newer]] == [parts[1]]


def test_answers_are_counted_by_the_labels_that_came_back(stores: Stores) -> None:
    store, book, feedback = stores
    _close(store, "b-1")
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def said(document: int, label: str, days: int) -> Feedback:
        given_at = noon + timedelta(days=days)
        return Feedback(ACCOUNT, "b-1", f"doc-{document}", label, "table", given_at)

    feedback.put([said(0, "Sports", 10), said(1, "World", 10), said(2, "Sports", 4)])
    feedback.put([said(3, "Sports", 3), said(4, "World", 3), said(5, "World", 3)])
    feedback.put([said(6, "World", 11)])

    night = FIRST + timedelta(days=10)
    assert book.labelled_answers(night, days=7) == {STREAM: LabelledAnswers(2, 1, 1, 2)}
    assert book.labelled_answers(FIRST, days=7) == {}
    assert book.labelled_answers(night + timedelta(days=90), days=7) == {}


def _finding(night: int, account: str, level: Level, effect: float = 0.5) -> Finding:
    comparison = Comparison(
        Stream(account, MODEL), Feature.LABELS, 1, Source.OWN, 100, 900, effect, 1e-9, "a \0 b"
    )
    return Finding(FIRST + timedelta(days=night), comparison, 1e-8, level)


def test_findings_of_a_night_take_the_place_of_earlier_ones(stores: Stores) -> None:
    book = stores[1]
    second = FIRST + timedelta(days=1)
    book.record(FIRST, [_finding(0, ACCOUNT, Level.MAJOR)], report_uri="s3://w/0.html")
    book.record(second, [_finding(1, ACCOUNT, Level.MAJOR)], report_uri="s3://w/1.html")

    again = [_finding(1, "b", Level.MODERATE), _finding(1, "other", Level.MAJOR, 0.75)]
    book.record(second, again, report_uri="s3://w/1.html")

    found = book.alarms(FIRST, second)
    assert [(alarm.account, alarm.night, alarm.effect) for alarm in found] == [
        (ACCOUNT, FIRST, 0.5),
        ("other", second, 0.75),
    ]
    assert (found[0].feature, found[0].model_name) == ("labels", MODEL.name)
    assert found[0].model_version == MODEL.version
    assert [alarm.account for alarm in book.alarms(second, second)] == ["other"]
    book.record(second, [], report_uri="s3://w/1.html")
    assert book.alarms(second, second) == []


def test_labelled_documents_are_named_once_with_the_last_word(stores: Stores) -> None:
    store, book, feedback = stores
    _close(store, "b-1")
    _close(store, "b-2")
    _close(store, "b-others", account="other")
    for minutes, batch_id, account, label in (
        (0, "b-1", ACCOUNT, "World"),
        (1, "b-2", ACCOUNT, "Business"),
        (2, "b-others", "other", "World"),
    ):
        given_at = SUBMITTED_AT + timedelta(minutes=minutes)
        feedback.put([Feedback(account, batch_id, "doc-1", label, "table", given_at)])

    assert book.labelled(MODEL.name, [ACCOUNT]) == [
        LabelledReference(ACCOUNT, "b-2", "doc-1", "Business")
    ]
    assert len(book.labelled(MODEL.name, [ACCOUNT, "other"])) == 2
    assert book.labelled("another-model", [ACCOUNT]) == []


def test_a_release_is_asked_for_once(stores: Stores) -> None:
    book = stores[1]
    release = DriftRelease("drift-m-1", "m", FIRST, "why", "s3://in/d.jsonl")

    book.keep_release(release)
    book.keep_release(replace(release, reason="another"))

    assert book.releases(FIRST) == [release]
    assert book.releases(FIRST + timedelta(days=1)) == []
