"""ReadStore: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.database import Database
from include.adapters.postgres.read_store import PostgresReadStore
from include.domain.accounts import Account, Tier
from include.domain.costs import Capacity, Charge, Waste, lane_charge
from include.domain.documents import QuarantinedDocument, QuarantineReason
from include.domain.errors import ObjectMissing, StoreError
from include.domain.fingerprints import Fingerprint
from include.domain.lanes import Lane
from include.domain.predictions import Stage
from include.domain.routing import Alternative, Placement
from include.pipeline.ports import BatchClosure, PredictionRow, ReadStore
from tests.support.fakes import FakeReadStore
from tests.support.manifests import HEADS, SUBMITTED_AT, make_manifest, make_rows

BATCH = make_manifest("b-0001")

PLACEMENT = Placement(
    lane=Lane.PROCESSING,
    instance_type="ml.c5.xlarge",
    instance_count=1,
    latency_s=30.5,
    list_cost_usd=0.002,
    meets_deadline=True,
    reason="processing: cheapest lane in time",
    alternatives=(
        Alternative(Lane.SERVERLESS, 90.0, 0.01, "costs 5.0 × as much"),
        Alternative(Lane.PROCESSING, 30.5, 0.002, ""),
    ),
)


def closure(state: str = "succeeded", message: str = "") -> BatchClosure:
    return BatchClosure(
        state, message, SUBMITTED_AT + timedelta(seconds=50), True, "s3://twolane-work/report"
    )


def quarantined(row: int, **changes: Any) -> QuarantinedDocument:
    document = QuarantinedDocument(row, f"doc-{row}", QuarantineReason.EMPTY_TEXT, "no text", "")
    return replace(document, **changes)


def charge(**changes: Any) -> Charge:
    values: dict[str, Any] = {
        "batch_id": BATCH.batch_id,
        "lane": Lane.PROCESSING,
        "resource_id": "twolane-processing-b-0001",
        "sku": "ml.c5.xlarge",
        "price_usd_per_h": 0.2,
        "instance_count": 1,
        "started_at": SUBMITTED_AT,
        "ended_at": SUBMITTED_AT + timedelta(seconds=36),
        "is_emulated": True,
    }
    return lane_charge(**(values | changes))


@pytest.fixture
def database(product_database_url: str) -> Iterator[Database]:
    opened = Database(product_database_url)
    PostgresAccountDirectory(opened).put([Account(BATCH.account, Tier.STANDARD)])
    yield opened
    opened.close()


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


# What PostgreSQL alone can show.


@pytest.fixture
def postgres(database: Database) -> PostgresReadStore:
    store = PostgresReadStore(database)
    store.open_batch(BATCH, run_id="run-1")
    return store


def summary(database: Database) -> dict[str, Any]:
    with database.transaction("summary") as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        row = cursor.execute("SELECT * FROM batch_summary WHERE batch_id = 'b-0001'").fetchone()
    assert row is not None
    return row


def test_the_summary_shows_the_whole_way(postgres: PostgresReadStore, database: Database) -> None:
    postgres.record_placement(BATCH.batch_id, PLACEMENT)
    postgres.load_quarantine(BATCH.batch_id, [quarantined(1), quarantined(2)])
    postgres.load_predictions(BATCH, make_rows(8))
    postgres.record_charge(charge())
    postgres.close_batch(BATCH.batch_id, closure())

    row = summary(database)

    assert row["state"] == "succeeded"
    assert row["lane"] == "processing"
    assert row["placement_reason"] == PLACEMENT.reason
    assert (row["document_count"], row["prediction_count"], row["quarantined_count"]) == (10, 8, 2)
    assert (row["elapsed_s"], row["deadline_s"], row["documents_per_s"]) == (50.0, 600.0, 0.2)
    assert row["list_cost_usd"] == pytest.approx(0.002)
    assert row["list_cost_per_document_usd"] == pytest.approx(0.002 / 8)
    assert (row["billed_cost_usd"], row["is_emulated"]) == (0.0, True)


def test_a_running_batch_has_a_summary(postgres: PostgresReadStore, database: Database) -> None:
    row = summary(database)

    assert (row["state"], row["elapsed_s"], row["documents_per_s"]) == ("running", None, None)
    assert (row["prediction_count"], row["list_cost_usd"]) == (0, 0.0)


def test_a_charge_is_booked_once(postgres: PostgresReadStore, database: Database) -> None:
    postgres.record_charge(charge())
    postgres.record_charge(charge(ended_at=SUBMITTED_AT + timedelta(seconds=72)))
    postgres.record_charge(charge(resource_id="twolane-processing-b-0001-r1"))

    assert summary(database)["list_cost_usd"] == pytest.approx(2 * 0.002)


def test_waste_is_kept_apart_by_reason(postgres: PostgresReadStore, database: Database) -> None:
    postgres.record_charge(charge(waste_s={Waste.COLD_START: 9.0}))
    spot = charge(
        resource_id="spot",
        billable_s=18.0,
        capacity=Capacity.SPOT,
        waste_s={Waste.INTERRUPTED: 9.0, Waste.COLD_START: 100.0},
    )
    postgres.record_charge(spot)

    row = summary(database)
    with database.transaction("test") as connection:
        booked = connection.execute(
            "SELECT x_billable_seconds, x_capacity, x_waste FROM charges ORDER BY 2"
        ).fetchall()

    assert row["list_cost_usd"] == pytest.approx(0.003)
    assert row["waste_list_cost_usd"] == pytest.approx(0.0005 + 0.001)
    assert row["waste_share"] == pytest.approx(0.5)
    assert row["charge_count"] == 2
    assert booked == [
        (36.0, "on_demand", {"cold_start": pytest.approx(0.0005)}),
        (18.0, "spot", {"interrupted": pytest.approx(5e-4), "cold_start": pytest.approx(5e-4)}),
    ]


def test_reopening_keeps_what_stands_and_names_the_new_run(
    postgres: PostgresReadStore, database: Database
) -> None:
    postgres.close_batch(BATCH.batch_id, closure())

    postgres.open_batch(replace(BATCH, content_digest="e" * 64), run_id="run-2")

    row = summary(database)
    assert (row["run_id"], row["state"], row["elapsed_s"]) == ("run-2", "succeeded", 50.0)


def test_a_failed_batch_runs_again_when_reopened(
    postgres: PostgresReadStore, database: Database
) -> None:
    postgres.close_batch(BATCH.batch_id, closure("failed", "no valid document"))
    failed = summary(database)
    postgres.open_batch(BATCH, run_id="run-2")
    reopened = summary(database)

    assert (failed["state"], failed["message"]) == ("failed", "no valid document")
    assert (reopened["state"], reopened["message"]) == ("running", "")
    assert reopened["closed_at"] is None


def test_a_second_placement_replaces_the_first(
    postgres: PostgresReadStore, database: Database
) -> None:
    postgres.record_placement(BATCH.batch_id, PLACEMENT)
    alone = (Alternative(Lane.TRANSFORM, 1.0, 1.0, ""),)
    postgres.record_placement(
        BATCH.batch_id, replace(PLACEMENT, lane=Lane.TRANSFORM, alternatives=alone)
    )

    with database.transaction("test") as connection:
        lanes = connection.execute("SELECT lane FROM placement_alternatives").fetchall()
    assert lanes == [("transform",)]
    assert summary(database)["lane"] == "transform"


def test_a_repeated_load_rewrites_no_row(postgres: PostgresReadStore, database: Database) -> None:
    def places() -> list[Any]:
        with database.transaction("test") as connection:
            return connection.execute("SELECT ctid::text FROM predictions ORDER BY 1").fetchall()

    postgres.load_predictions(BATCH, make_rows(50))
    before = places()
    postgres.load_predictions(BATCH, make_rows(50))

    assert places() == before


def test_a_changed_answer_replaces_the_old_one(
    postgres: PostgresReadStore, database: Database
) -> None:
    postgres.load_predictions(BATCH, make_rows(2))
    postgres.load_predictions(BATCH, make_rows(1, label="World"))

    with database.transaction("test") as connection:
        rows = connection.execute("SELECT document_id, label FROM predictions ORDER BY 1")
        assert rows.fetchall() == [("doc-0", "World"), ("doc-1", "Sports")]


def test_an_id_postgresql_cannot_hold_loads_nothing(postgres: PostgresReadStore) -> None:
    with pytest.raises(StoreError, match="b-0001"):
        postgres.load_predictions(BATCH, [*make_rows(5), PredictionRow("a\0b", "World", 0.5)])

    assert postgres.fingerprint(BATCH.batch_id).count == 0


def test_an_account_that_is_not_known_opens_nothing(database: Database) -> None:
    manifest = make_manifest("b-0002", account="stranger")

    with pytest.raises(StoreError, match=r"b-0002 of account 'stranger'"):
        PostgresReadStore(database).open_batch(manifest, run_id="run-1")


def test_a_lost_connection_is_told_and_then_made_again(
    postgres: PostgresReadStore, database: Database, product_database_url: str
) -> None:
    with database.transaction("test") as connection:
        process = connection.info.backend_pid
    with psycopg.connect(product_database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (process,))

    with pytest.raises(StoreError, match="b-0001"):
        postgres.fingerprint(BATCH.batch_id)

    assert postgres.fingerprint(BATCH.batch_id).count == 0


def test_an_unreachable_database_is_a_store_error_without_the_password() -> None:
    store = PostgresReadStore(Database("postgresql://u:secret-word@127.0.0.1:9/none"))

    with pytest.raises(StoreError, match="b-0001") as caught:
        store.fingerprint("b-0001")

    assert "secret-word" not in str(caught.value)


def test_every_table_and_view_is_explained(database: Database) -> None:
    with database.transaction("test") as connection:
        bare = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'v') AND obj_description(oid, 'pg_class') IS NULL"
        ).fetchall()

    assert bare == []


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
