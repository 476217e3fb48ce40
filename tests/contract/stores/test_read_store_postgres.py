"""What PostgreSQL alone shows of a batch: its summary, its charges, its locks and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.domain.errors import StoreError
from include.domain.lanes import Lane
from include.domain.money.costs import Capacity, Waste
from include.domain.placement.routing import Alternative
from include.pipeline.ports.stores import PredictionRow
from tests.support.manifests import SUBMITTED_AT, make_manifest, make_rows
from tests.support.stored_batch import BATCH, PLACEMENT, charge, closure, opened, quarantined


@pytest.fixture
def database(product_database_url: str) -> Iterator[Database]:
    with opened(product_database_url) as database:
        yield database


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


def test_a_charge_is_booked_once_and_work_that_went_on_in_its_place(
    postgres: PostgresReadStore, database: Database
) -> None:
    for seconds in (36, 72, 72, 36):
        postgres.record_charge(charge(ended_at=SUBMITTED_AT + timedelta(seconds=seconds)))
    postgres.record_charge(charge(resource_id="twolane-processing-b-0001-r1"))

    assert summary(database)["list_cost_usd"] == pytest.approx(2 * 0.002 + 0.002)


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
