"""UsageBook on PostgreSQL: what is booked, and that every sum is the charges' own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from include.adapters.aws.dynamodb.prediction_items import prediction_item
from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.proof_book import PostgresProofBook
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.adapters.postgres.money.usage_book import PostgresUsageBook
from include.domain.accounts import Account, Tier
from include.domain.fingerprints import Fingerprint
from include.domain.lanes import Lane
from include.domain.money.costs import Waste, lane_charge
from include.domain.money.endpoint_time import (
    ProvisionedEndpoint,
    ServingEndpoint,
    idle_charge,
    provisioned_charge,
)
from include.domain.money.release_jobs import ReleaseJob, job_charge
from include.domain.money.stores import (
    StoredObjects,
    StoredRows,
    proof_charge,
    storage_charges,
)
from include.domain.money.usage import (
    BatchUsage,
    Owner,
    Period,
    UsageKind,
    batch_charges,
)
from include.domain.placement.routing import Placement
from include.domain.what_if.scenario import Arrival
from include.files.prices import load_price_book
from include.pipeline.money.ports import Grouping
from include.pipeline.ports.stores import BatchClosure
from include.pipeline.reconciliation.reconcile_ports import Proof, Scope
from tests.support.manifests import SUBMITTED_AT, make_manifest, make_rows

HOUR = timedelta(hours=1)
DAY_LONG = timedelta(days=1)
DAY = SUBMITTED_AT.date()
PRICES = load_price_book()
WEEK = (DAY - timedelta(days=7), DAY + timedelta(days=7))


@pytest.fixture
def database(product_database_url: str) -> Iterator[Database]:
    database = Database(product_database_url)
    PostgresAccountDirectory(database).put(
        [Account("standard-harbor", Tier.STANDARD), Account("trial-lumen", Tier.TRIAL)]
    )
    yield database
    database.close()


@pytest.fixture
def book(database: Database) -> PostgresUsageBook:
    return PostgresUsageBook(database)


def closed(store: PostgresReadStore, batch_id: str, *, at: datetime, account: str) -> None:
    manifest = make_manifest(batch_id, account=account)
    store.open_batch(manifest, run_id=f"run-{batch_id}")
    placement = Placement(Lane.SERVERLESS, "serverless-4096MB", 1, 1.0, 0.1, True, "why", ())
    store.record_placement(batch_id, placement)
    store.load_predictions(manifest, make_rows(3))
    store.close_batch(batch_id, BatchClosure("succeeded", "", at, True, ""))


def test_a_closed_batch_waits_until_its_usage_is_booked_and_again_when_it_closes_anew(
    database: Database, book: PostgresUsageBook
) -> None:
    store = PostgresReadStore(database)
    closed(store, "b-1", at=SUBMITTED_AT + HOUR, account="standard-harbor")
    store.open_batch(make_manifest("b-2"), run_id="run-b-2")
    (batch,) = book.unmetered(10)
    assert batch.owner == Owner("b-1", "standard-harbor", "news-topic", "1")
    assert (batch.lane, batch.write_units, batch.is_queued) == (Lane.SERVERLESS, 6, False)
    period = Period(batch.submitted_at, batch.closed_at)

    def charges(objects: int) -> list[object]:
        usage = BatchUsage(objects, 1, batch.write_units)
        return list(
            batch_charges(usage, batch.owner, prices=PRICES, period=period, is_emulated=True)
        )

    book.book_batch(batch, charges(10), work_bytes=7_000)  # type: ignore[arg-type]
    assert book.unmetered(10) == []
    closed(store, "b-1", at=SUBMITTED_AT + 2 * HOUR, account="standard-harbor")
    (again,) = book.unmetered(10)
    book.book_batch(again, charges(25), work_bytes=9_000)  # type: ignore[arg-type]
    (requests, *_) = [c for c in book.costs(Grouping.KIND, *WEEK) if c.name == "requests"]
    assert requests.list_cost_usd == pytest.approx(25 * 5e-6 + 5 * 4e-7), "brought up to date"
    assert requests.billed_cost_usd == 0
    kept = StoredObjects("standard-harbor", "news-topic", "1", 9_000)
    assert book.stored_objects(SUBMITTED_AT, SUBMITTED_AT + DAY_LONG) == [kept]
    assert book.stored_objects(SUBMITTED_AT, SUBMITTED_AT + 2 * HOUR) == [], "not closed yet"
    assert book.stored_objects(SUBMITTED_AT + 3 * HOUR, SUBMITTED_AT + DAY_LONG) == [], "expired"


def test_a_batch_that_is_run_again_on_another_lane_takes_its_usage_there(
    database: Database, book: PostgresUsageBook
) -> None:
    store = PostgresReadStore(database)
    closed(store, "b-1", at=SUBMITTED_AT + HOUR, account="standard-harbor")
    closed(store, "b-2", at=SUBMITTED_AT + HOUR, account="standard-harbor")
    period = Period(SUBMITTED_AT, SUBMITTED_AT + HOUR)

    def book_all(objects: int) -> None:
        for batch in book.unmetered(10):
            usage = BatchUsage(objects, 0, 0)
            charges = batch_charges(
                usage, batch.owner, prices=PRICES, period=period, is_emulated=True
            )
            book.book_batch(batch, charges, work_bytes=0)

    book_all(10)
    assert [(line.name, line.charges) for line in book.costs(Grouping.LANE, *WEEK)] == [
        ("serverless", 2)
    ]
    placement = Placement(Lane.PROCESSING, "ml.c5.xlarge", 1, 1.0, 0.1, True, "why", ())
    store.record_placement("b-1", placement)
    store.close_batch("b-1", BatchClosure("succeeded", "", SUBMITTED_AT + 2 * HOUR, True, ""))
    book_all(30)
    lines = {line.name: line for line in book.costs(Grouping.LANE, *WEEK)}
    assert (lines["processing"].charges, lines["serverless"].charges) == (1, 1)
    assert lines["processing"].list_cost_usd == pytest.approx(30 * 5e-6)
    assert lines["serverless"].list_cost_usd == pytest.approx(10 * 5e-6)


def test_a_proofs_reads_wait_until_they_are_booked(
    database: Database, book: PostgresUsageBook
) -> None:
    closed(PostgresReadStore(database), "b-1", at=SUBMITTED_AT + HOUR, account="standard-harbor")
    proofs = PostgresProofBook(database)
    first = Proof("b-1", Scope.CLOSING, SUBMITTED_AT, Fingerprint(3, 7), (), (), True)
    full = replace(first, scope=Scope.FULL, proved_at=SUBMITTED_AT + HOUR)
    repaired = replace(
        full, proved_at=SUBMITTED_AT + 2 * HOUR, repaired_shards=("aurora/00000",), findings=("x",)
    )
    for each in (repaired, full, first):
        proofs.record(each)
    found = book.unmetered_proofs(10)
    assert [(each.proved_at, each.rows, each.row_reads) for each in found] == [
        (SUBMITTED_AT, 3, 0),
        (SUBMITTED_AT + HOUR, 3, 1),
        (SUBMITTED_AT + 2 * HOUR, 3, 3),
    ]
    assert {each.owner for each in found} == {Owner("b-1", "standard-harbor", "news-topic", "1")}
    item = prediction_item(make_manifest("b-1", account="standard-harbor"), make_rows(1)[0])
    keys = sum(len(k) + len(item[k]["S"]) for k in ("pk", "sk", "batch_bucket"))
    assert found[0].index_bytes == pytest.approx(3 * keys, abs=3), "as the item's keys are"
    assert book.unmetered_proofs(1) == found[:1]
    charges = [proof_charge(each, prices=PRICES, is_emulated=True) for each in found[:2]]
    book.book_proofs(found[:2], charges)
    assert book.unmetered_proofs(10) == found[2:]
    (line,) = book.costs(Grouping.KIND, *WEEK)
    assert (line.name, line.charges) == ("rows_read", 2)


def test_every_way_to_sum_up_is_the_charges_own_sum(
    database: Database, book: PostgresUsageBook
) -> None:
    store, dice = PostgresReadStore(database), random.Random(6)  # noqa: S311
    total = waste = 0.0
    for number in range(40):
        batch_id = f"b-{number:02}"
        account = dice.choice(["standard-harbor", "trial-lumen"])
        start = SUBMITTED_AT + dice.randrange(72) * HOUR
        closed(store, batch_id, at=start + HOUR, account=account)
        charge = lane_charge(
            batch_id=batch_id,
            lane=dice.choice(list(Lane)),
            resource_id=f"job-{number}",
            sku="ml.c5.xlarge",
            price_usd_per_h=dice.uniform(0.1, 40),
            instance_count=1,
            started_at=start,
            ended_at=start + timedelta(seconds=dice.uniform(0.1, 9000)),
            is_emulated=False,
            waste_s={Waste.COLD_START: dice.uniform(0, 500)},
        )
        store.record_charge(charge)
        usage = BatchUsage(dice.randrange(1, 99), 3, dice.randrange(1, 10**6), 10**8, True)
        owner = Owner(batch_id, account, "news-topic", "1")
        used = batch_charges(
            usage, owner, prices=PRICES, period=Period(start, start + HOUR), is_emulated=False
        )
        book.book(used)
        total += charge.list_cost + sum(each.list_cost for each in used)
        waste += charge.total_waste_cost
    midnight = datetime.combine(DAY, datetime.min.time(), UTC)
    kept = storage_charges(
        StoredRows("trial-lumen", "news-topic", "1", 9, 1e12, 1e11),
        prices=PRICES,
        period=Period(midnight, midnight + 24 * HOUR),
        is_emulated=False,
    )
    idle = idle_charge(
        ServingEndpoint("twolane-x-v1-async", "x", "1", "ml.g4dn.xlarge", 2, midnight),
        charged_hours=0.25,
        prices=PRICES,
        period=Period(midnight, midnight + HOUR),
        is_emulated=False,
    )
    warm = provisioned_charge(
        ProvisionedEndpoint("twolane-x-v1", "x", "1", 4.0, 1, midnight),
        called_hours=0.25,
        prices=PRICES,
        period=Period(midnight, midnight + HOUR),
        is_emulated=False,
    )
    job = ReleaseJob(
        "twolane-train-x", UsageKind.TRAINING, "x", "ml.m5.large", 900,
        Period(midnight, midnight + HOUR), has_completed=False,
    )  # fmt: skip
    assert idle is not None
    assert warm is not None
    beside = [*kept, idle, warm, job_charge(job, prices=PRICES, is_emulated=False)]
    book.book(beside)
    book.book(beside)
    total += sum(each.list_cost for each in beside)
    waste += sum(each.waste_cost for each in beside)
    for by in Grouping:
        lines = book.costs(by, *WEEK)
        assert sum(line.list_cost_usd for line in lines) == pytest.approx(total, abs=1e-6), by
        assert sum(line.billed_cost_usd for line in lines) == pytest.approx(total, abs=1e-6), by
        assert sum(line.waste_list_cost_usd for line in lines) == pytest.approx(waste, abs=1e-6), by
        assert all(0 <= line.waste_list_cost_usd <= line.list_cost_usd for line in lines)
    documents = {line.name: line.documents for line in book.costs(Grouping.ACCOUNT, *WEEK)}
    assert documents.pop("") == 0, "an idle endpoint is of no account"
    assert sum(documents.values()) == 400
    with database.transaction("test") as connection:
        (row,) = connection.execute("SELECT sum(list_cost_usd) FROM batch_costs").fetchall()
        (exact,) = connection.execute(
            "SELECT sum(x_list_nano_usd)"
            " = (SELECT sum(list_cost_usd) * 1000000000 FROM daily_costs) FROM ledger"
        ).fetchall()
    assert float(row[0]) == pytest.approx(total - sum(each.list_cost for each in beside), abs=1e-6)
    assert exact == (True,), "to the last billionth"


def test_work_that_went_on_after_it_was_booked_is_booked_in_its_own_place(
    database: Database, book: PostgresUsageBook
) -> None:
    store = PostgresReadStore(database)
    closed(store, "b-1", at=SUBMITTED_AT + HOUR, account="standard-harbor")
    for minutes, wasted in ((30, Waste.RETRY), (30, Waste.RETRY), (90, Waste.IDLE)):
        store.record_charge(
            lane_charge(
                batch_id="b-1",
                lane=Lane.ASYNC_ENDPOINT,
                resource_id="twolane-x-v1-async",
                sku="ml.g4dn.xlarge",
                price_usd_per_h=0.5,
                instance_count=1,
                started_at=SUBMITTED_AT,
                ended_at=SUBMITTED_AT + timedelta(minutes=minutes),
                is_emulated=False,
                waste_s={wasted: 360.0},
            )
        )
    (line,) = book.costs(Grouping.KIND, *WEEK)
    assert (line.charges, line.list_cost_usd) == (1, pytest.approx(0.75))
    assert (line.billed_cost_usd, line.waste_list_cost_usd) == pytest.approx((0.75, 0.05))
    with database.transaction("test") as connection:
        wasted_usd = connection.execute(
            "SELECT reason, list_cost_usd::float FROM daily_waste WHERE list_nano_usd <> 0"
        ).fetchall()
        (total,) = connection.execute("SELECT sum(list_cost) FROM charges").fetchall()
    assert wasted_usd == [("idle", pytest.approx(0.05))]
    assert total == (pytest.approx(0.75),)


def test_rows_that_stand_are_counted_by_account_and_version(
    database: Database, book: PostgresUsageBook
) -> None:
    assert book.stored_until() is None
    store = PostgresReadStore(database)
    closed(store, "b-1", at=SUBMITTED_AT, account="standard-harbor")
    closed(store, "b-2", at=SUBMITTED_AT, account="trial-lumen")
    found = book.stored()
    assert [(each.account_id, each.rows) for each in found] == [
        ("standard-harbor", 3),
        ("trial-lumen", 3),
    ]
    assert all(each.dynamodb_bytes > 3 * 200 and each.aurora_bytes > 0 for each in found)
    start = datetime(2026, 3, 4, tzinfo=UTC)
    period = Period(start, start + 24 * HOUR)
    book.book(storage_charges(found[0], prices=PRICES, period=period, is_emulated=True))
    assert book.stored_until() == date(2026, 3, 4)


def test_an_endpoints_time_is_known_by_its_name(
    database: Database, book: PostgresUsageBook
) -> None:
    name = "twolane-x-v1-async"
    assert book.endpoint_booked_until(name) is None
    assert book.open_since(Lane.ASYNC_ENDPOINT) is None
    endpoint = ServingEndpoint(name, "x", "1", "ml.g4dn.xlarge", 1, SUBMITTED_AT)
    period = Period(SUBMITTED_AT, SUBMITTED_AT + HOUR)
    charge = idle_charge(endpoint, charged_hours=0, prices=PRICES, period=period, is_emulated=True)
    assert charge is not None
    book.book([charge])
    assert book.endpoint_booked_until(name) == period.end
    assert book.endpoint_booked_until("another") is None
    store = PostgresReadStore(database)
    manifest = make_manifest("b-1")
    store.open_batch(manifest, run_id="run")
    placement = Placement(Lane.ASYNC_ENDPOINT, "ml.g4dn.xlarge", 1, 1.0, 0.1, True, "why", ())
    store.record_placement("b-1", placement)
    work = lane_charge(
        batch_id="b-1",
        lane=Lane.ASYNC_ENDPOINT,
        resource_id=name,
        sku="ml.g4dn.xlarge",
        price_usd_per_h=0.736,
        instance_count=1,
        started_at=SUBMITTED_AT,
        ended_at=SUBMITTED_AT + HOUR,
        is_emulated=True,
    )
    store.record_charge(work)
    assert book.open_since(Lane.ASYNC_ENDPOINT) == SUBMITTED_AT
    assert book.charged_hours(name, SUBMITTED_AT, SUBMITTED_AT + HOUR) == pytest.approx(1.0)
    assert book.charged_hours(name, SUBMITTED_AT + HOUR, SUBMITTED_AT + 2 * HOUR) == 0
    store.record_charge(replace(work, charge_id="four at once", pricing_quantity=4.0))
    at_once = [
        book.charged_hours(name, SUBMITTED_AT, SUBMITTED_AT + HOUR, at_once=most)
        for most in (None, 1, 3, 9)
    ]
    assert at_once == pytest.approx([5.0, 2.0, 4.0, 5.0])
    assert book.traffic(*WEEK, None) == [], "it runs still"
    store.close_batch("b-1", BatchClosure("succeeded", "", SUBMITTED_AT + HOUR, True, ""))
    (seen,) = book.traffic(*WEEK, None)
    assert seen.arrival == Arrival(SUBMITTED_AT, 10, 120, 600.0)
    assert (seen.lane, seen.elapsed_s) == (Lane.ASYNC_ENDPOINT, 3600)
    assert seen.list_cost_usd == pytest.approx(2 * 0.736)
    assert (seen.model_name, seen.is_emulated) == (manifest.model.name, True)
    assert book.traffic(*WEEK, "another") == []


def test_time_kept_warm_and_jobs_of_releases_are_known_by_their_names(
    book: PostgresUsageBook,
) -> None:
    period = Period(SUBMITTED_AT, SUBMITTED_AT + HOUR)
    warm = provisioned_charge(
        ProvisionedEndpoint("twolane-x-v1", "x", "1", 4.0, 1, SUBMITTED_AT),
        called_hours=0,
        prices=PRICES,
        period=period,
        is_emulated=True,
    )
    jobs = [
        ReleaseJob(f"job-{kind.value}", kind, "x", "ml.m5.large", 60, period, has_completed=True)
        for kind in (UsageKind.TRAINING, UsageKind.EVALUATION)
    ]
    assert warm is not None
    assert book.charged_jobs(SUBMITTED_AT) == set()
    book.book([warm, *(job_charge(each, prices=PRICES, is_emulated=True) for each in jobs)])
    assert book.endpoint_booked_until("twolane-x-v1") == period.end
    assert book.charged_jobs(period.end) == {"job-training", "job-evaluation"}
    assert book.charged_jobs(period.end + HOUR) == set()
    assert book.charged_hours("twolane-x-v1", period.start, period.end) == 0, "no work of anyone's"
    kinds = {line.name: line for line in book.costs(Grouping.KIND, *WEEK)}
    assert set(kinds) == {"provisioned_concurrency", "training", "evaluation"}
    assert {line.billed_cost_usd for line in kinds.values()} == {0.0}
