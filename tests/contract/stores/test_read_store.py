"""ReadStore: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.domain.batches.predictions import Stage
from include.domain.errors import ObjectMissing, StoreError
from include.domain.fingerprints import Fingerprint
from include.pipeline.ports.stores import PredictionRow, ReadStore
from tests.support.fakes import FakeReadStore
from tests.support.manifests import HEADS, make_rows
from tests.support.stored_batch import BATCH, PLACEMENT, charge, closure, opened, quarantined


@pytest.fixture
def database(product_database_url: str) -> Iterator[Database]:
    with opened(product_database_url) as database:
        yield database


@pytest.fixture(params=["fake", "postgres"])
def store(request: pytest.FixtureRequest) -> ReadStore:
    if request.param == "fake":
        return FakeReadStore()
    return PostgresReadStore(request.getfixturevalue("database"))


def test_every_row_is_loaded_and_counted(store: ReadStore) -> None:
    store.open_batch(BATCH, run_id="run-1")

    assert store.load_predictions(BATCH, make_rows(300)) == 300

    assert store.fingerprint(BATCH.batch_id).count == 300
    assert store.fingerprint("b-unknown").count == 0


def test_a_repeated_load_leaves_one_row_a_document(store: ReadStore) -> None:
    store.open_batch(BATCH, run_id="run-1")
    store.load_predictions(BATCH, make_rows(40))
    store.open_batch(BATCH, run_id="run-2")

    assert store.load_predictions(BATCH, make_rows(60)) == 60

    assert store.fingerprint(BATCH.batch_id).count == 60


def test_a_document_given_twice_stands_once(store: ReadStore) -> None:
    store.open_batch(BATCH, run_id="run-1")

    store.load_predictions(BATCH, [*make_rows(3), *make_rows(3, label="World")])

    assert store.fingerprint(BATCH.batch_id).count == 3


def test_nothing_to_load_is_fine(store: ReadStore) -> None:
    store.open_batch(BATCH, run_id="run-1")

    assert store.load_predictions(BATCH, iter(())) == 0
    assert store.load_quarantine(BATCH.batch_id, []) == 0


def test_a_load_that_breaks_off_leaves_nothing(store: ReadStore) -> None:
    store.open_batch(BATCH, run_id="run-1")

    def rows() -> Iterator[PredictionRow]:
        yield from make_rows(10)
        raise ObjectMissing("s3://twolane-work/shard: no such object")

    with pytest.raises(ObjectMissing):
        store.load_predictions(BATCH, rows())

    assert store.fingerprint(BATCH.batch_id).count == 0
    assert store.load_predictions(BATCH, make_rows(10)) == 10


def test_quarantine_is_keyed_by_row(store: ReadStore) -> None:
    store.open_batch(BATCH, run_id="run-1")
    store.load_quarantine(BATCH.batch_id, [quarantined(1), quarantined(2, id=None)])
    store.load_quarantine(BATCH.batch_id, [quarantined(2), quarantined(3)])

    assert store.count_quarantined(BATCH.batch_id) == 3


@pytest.mark.parametrize("text", ["nul \0 inside", "lone \ud800 surrogate", "tab\tand \\N\nline"])
def test_any_text_can_be_quarantined(store: ReadStore, text: str) -> None:
    store.open_batch(BATCH, run_id="run-1")
    document = quarantined(1, id=text, detail=text, excerpt=text)

    assert store.load_quarantine(BATCH.batch_id, [document]) == 1
    assert store.count_quarantined(BATCH.batch_id) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.record_placement("b-0001", PLACEMENT),
        lambda store: store.load_predictions(BATCH, make_rows(1)),
        lambda store: store.load_quarantine("b-0001", [quarantined(1)]),
        lambda store: store.record_charge(charge()),
        lambda store: store.close_batch("b-0001", closure()),
    ],
    ids=["placement", "predictions", "quarantine", "charge", "close"],
)
def test_a_batch_never_opened_takes_nothing(
    store: ReadStore, write: Callable[[ReadStore], object]
) -> None:
    with pytest.raises(StoreError, match="b-0001"):
        write(store)


def test_the_fingerprint_is_that_of_the_rows_whoever_sums_up(store: ReadStore) -> None:
    rows = [
        *make_rows(50),
        PredictionRow("ключ 🦉 a#b", "Sci/Tech", 1 / 3),
        *(PredictionRow(f"staged-{stage}", "World", 0.5, stage) for stage in Stage),
        PredictionRow("bundled", "World", 0.5, heads=HEADS),
    ]
    store.open_batch(BATCH, run_id="run-1")
    store.load_predictions(BATCH, rows)

    found = store.fingerprint(BATCH.batch_id)

    assert found == Fingerprint.total(row.fingerprint(BATCH.model.version) for row in rows)
    assert store.fingerprint("b-unknown") == Fingerprint()


def test_a_load_with_another_answer_of_a_further_head_changes_the_row(store: ReadStore) -> None:
    store.open_batch(BATCH, run_id="run-1")
    marks = set()
    for heads in ((), HEADS, HEADS[:1], ()):
        store.load_predictions(BATCH, [PredictionRow("doc", "World", 0.5, heads=heads)])
        assert [row.heads for row in store.fetch(BATCH, ["doc"])] == [heads]
        marks.add(store.fingerprint(BATCH.batch_id))
    assert len(marks) == 3


def test_a_load_with_another_stage_changes_the_row(store: ReadStore) -> None:
    store.open_batch(BATCH, run_id="run-1")
    for stage in (None, Stage.CHEAP, Stage.ENCODER, None):
        store.load_predictions(BATCH, [PredictionRow("doc", "World", 0.5, stage)])
        assert [row.stage for row in store.fetch(BATCH, ["doc"])] == [stage]


def test_rows_of_documents_are_fetched_and_what_is_not_there_is_left_out(store: ReadStore) -> None:
    rows = make_rows(20)
    store.open_batch(BATCH, run_id="run-1")
    store.load_predictions(BATCH, rows)
    wanted = [row.document_id for row in rows[:7]]

    found = list(store.fetch(BATCH, [*wanted, "no-such-document"]))

    assert sorted(row.document_id for row in found) == sorted(wanted)
    version = BATCH.model.version
    assert Fingerprint.total(row.fingerprint(version) for row in found) == Fingerprint.total(
        row.fingerprint(version) for row in rows[:7]
    )
