"""Feedback from the inbox: what counts, what is set aside and why, and what moves where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.adapters.document_files.feedback_rows import FeedbackFileReader
from include.domain.errors import StoreError, UnreadableBatch
from include.domain.feedback import Feedback, FeedbackFault, FeedbackRow, RefusedRow
from include.pipeline.feedback.load_feedback import FeedbackPorts, load_feedback
from tests.support.fakes import (
    FakeAccountDirectory,
    FakeModelRegistry,
    FakeObjectStore,
    FakeReadStore,
)
from tests.support.fakes.feedback import FakeFeedbackBook
from tests.support.manifests import make_manifest, make_rows

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ACCOUNT = "standard-harbor"


@pytest.fixture
def ports() -> FeedbackPorts:
    store = FakeReadStore()
    manifest = make_manifest("b-1", account=ACCOUNT)
    store.open_batch(manifest, run_id="run-1")
    store.load_predictions(manifest, make_rows(5))
    return FeedbackPorts(
        FakeObjectStore(),
        FeedbackFileReader(),
        FakeAccountDirectory(),
        FakeModelRegistry(),
        FakeFeedbackBook(store),
    )


def upload(ports: FeedbackPorts, text: str, account: str = ACCOUNT, name: str = "a.csv") -> None:
    ports.objects.write_text(f"s3://inbox/feedback/{account}/{name}", text, "text/csv")


def faults(ports: FeedbackPorts) -> dict[int, FeedbackFault]:
    return {row: each.fault for (_, _, row), each in ports.book.refused.items()}


def test_labels_are_kept_and_the_file_moves(ports: FeedbackPorts) -> None:
    upload(
        ports,
        "label,document_id,batch_id,given_at,comment\n"
        "Sports,doc-0,,,fine\n"
        "World,doc-1,b-1,2026-03-01T10:00:00Z,\n",
    )

    (loaded,) = load_feedback("inbox", now=NOW, ports=ports)

    assert (loaded.kept, loaded.refused) == (2, 0)
    kept = {each.document_id: each for each in ports.book.labels.values()}
    assert kept["doc-0"].label == "Sports"
    assert kept["doc-0"].given_at == FakeObjectStore.time
    assert kept["doc-1"].given_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert kept["doc-1"].source == f"s3://inbox/feedback/{ACCOUNT}/a.csv"
    assert not ports.objects.list_objects("s3://inbox/feedback/")
    assert ports.objects.exists(f"s3://inbox/feedback-done/{ACCOUNT}/a.csv")
    assert load_feedback("inbox", now=NOW, ports=ports) == []


def test_bad_rows_are_set_aside_each_with_its_reason_and_the_others_count(
    ports: FeedbackPorts,
) -> None:
    upload(
        ports,
        "document_id,label,given_at\n"
        "doc-0,Sports,\n"
        ",Sports,\n"
        "doc-1,,\n"
        "doc-1,Sports,yesterday\n"
        "doc-1,Sports,2030-01-01\n"
        "doc-99,Sports,\n"
        "doc-2,Gardening,\n"
        "doc-0,World,\n"
        "doc-3,World\n"
        'doc-3,"World,\n'
        "doc-4,Business,\n",
    )

    (loaded,) = load_feedback("inbox", now=NOW, ports=ports)

    assert loaded.kept == 2
    assert faults(ports) == {
        1: FeedbackFault.MISSING_ID,
        2: FeedbackFault.MISSING_LABEL,
        3: FeedbackFault.BAD_TIME,
        4: FeedbackFault.BAD_TIME,
        5: FeedbackFault.UNKNOWN_DOCUMENT,
        6: FeedbackFault.UNKNOWN_LABEL,
        7: FeedbackFault.CONTRADICTED,
        8: FeedbackFault.BAD_ROW,
        9: FeedbackFault.BAD_ROW,
    }
    unknown = next(e for e in ports.book.refused.values() if e.row == 6)
    assert unknown.detail == (
        "news-topic@1 knows no label 'Gardening'; it knows World, Sports, Business, Sci/Tech"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("id,label\nd,Sports\n", "the header needs each of document_id, label once"),
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside_as_a_whole(
    ports: FeedbackPorts, text: str, reason: str
) -> None:
    upload(ports, text)

    (loaded,) = load_feedback("inbox", now=NOW, ports=ports)

    assert (loaded.kept, loaded.refused) == (0, 1)
    (refused,) = ports.book.refused.values()
    assert refused.fault is FeedbackFault.UNREADABLE
    assert reason in refused.detail
    assert not ports.objects.list_objects("s3://inbox/feedback/")


def test_an_unknown_account_labels_nothing_and_stops_nobody(ports: FeedbackPorts) -> None:
    upload(ports, "document_id,label\ndoc-0,Sports\n", account="nobody")
    upload(ports, "document_id,label\ndoc-0,Sports\n")

    loaded = load_feedback("inbox", now=NOW, ports=ports)

    assert [(each.account, each.kept) for each in loaded] == [("nobody", 0), (ACCOUNT, 1)]
    assert set(faults(ports).values()) == {FeedbackFault.UNKNOWN_ACCOUNT}


def test_another_accounts_document_is_unknown(ports: FeedbackPorts) -> None:
    upload(ports, "document_id,label,batch_id\ndoc-0,Sports,b-1\n", account="trial-lumen")

    load_feedback("inbox", now=NOW, ports=ports)

    assert set(faults(ports).values()) == {FeedbackFault.UNKNOWN_DOCUMENT}


def test_the_last_word_is_the_last_uploaded_whatever_the_files_are_called(
    ports: FeedbackPorts,
) -> None:
    upload(ports, "document_id,label\ndoc-0,World\n", name="b-first.csv")
    ports.objects.time += timedelta(minutes=30)
    upload(ports, "document_id,label\ndoc-0,Sports\n", name="a-second.csv")

    load_feedback("inbox", now=NOW, ports=ports)

    (kept,) = ports.book.labels.values()
    assert kept.label == "Sports"


def test_a_file_that_is_uploaded_anew_while_it_is_read_is_read_again(ports: FeedbackPorts) -> None:
    class Overtaken(FakeFeedbackBook):
        def put(self, feedback: Sequence[Feedback]) -> None:
            ports.objects.time += timedelta(seconds=1)
            upload(ports, "document_id,label\ndoc-0,World\n")
            ports.book.put(feedback)

    upload(ports, "document_id,label\ndoc-0,Sports\n")
    book = Overtaken(FakeReadStore())
    book.answered = ports.book.answered
    load_feedback("inbox", now=NOW, ports=replace(ports, book=book))

    (loaded,) = load_feedback("inbox", now=NOW, ports=ports)

    assert loaded.kept == 1
    (kept,) = ports.book.labels.values()
    assert kept.label == "World"
    assert not ports.objects.list_objects("s3://inbox/feedback/")


def test_a_file_that_cannot_be_read_to_its_end_says_so_beside_its_bad_rows(
    ports: FeedbackPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(FeedbackFileReader):
        def read(self, path: Path, *, uri: str) -> Iterator[FeedbackRow | RefusedRow]:
            yield from super().read(path, uri=uri)
            raise UnreadableBatch("quotes do not pair up")

    monkeypatch.setattr("include.pipeline.feedback.load_feedback.ROWS_AT_ONCE", 1)
    upload(ports, "document_id,label\n,Sports\n")

    load_feedback("inbox", now=NOW, ports=replace(ports, reader=Broken()))

    assert faults(ports) == {0: FeedbackFault.MISSING_ID, 1: FeedbackFault.UNREADABLE}


def test_a_file_whose_labels_could_not_be_kept_waits(ports: FeedbackPorts) -> None:
    class Down(FakeFeedbackBook):
        def put(self, feedback: object) -> None:
            raise StoreError("the database is down")

    upload(ports, "document_id,label\ndoc-0,Sports\n")
    broken = replace(ports, book=Down(FakeReadStore()))

    with pytest.raises(StoreError):
        load_feedback("inbox", now=NOW, ports=broken)

    assert len(load_feedback("inbox", now=NOW, ports=ports)) == 1
