"""What keeping rows and objects costs, and what proofs read back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.config import Settings
from include.domain.money.prices import Service, Sku
from include.domain.money.stores import (
    HOURS_PER_MONTH,
    StoredObjects,
    StoredRows,
    StoreProof,
    proof_charge,
    storage_charges,
)
from include.domain.money.usage import Owner, Period, UsageKind
from include.files.prices import load_price_book
from include.pipeline.money.book_stores import book_proofs, book_storage
from include.pipeline.money.keep_ledger import LedgerPorts
from tests.support.cloud import TEMPLATE
from tests.support.fakes import FakeObjectStore
from tests.support.fakes.money import FakeServingEndpoints, FakeUsageBook

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = Period(NOW, NOW + timedelta(hours=HOURS_PER_MONTH))
PRICES = load_price_book()
OWNER = Owner("b-1", "standard-harbor", "news-topic", "1")


def ports(book):
    return LedgerPorts(
        objects=FakeObjectStore(),
        book=book,
        endpoints=FakeServingEndpoints(),
        prices=PRICES,
        is_emulated=False,
    )


def proof(**changes):
    values = {"owner": OWNER, "proved_at": NOW, "index_bytes": 0, "rows": 0, "row_reads": 0}
    return StoreProof(**(values | changes))


def kinds(book):
    return {(c.kind, c.price.key.service, c.period_start.day) for c in book.charges.values()}


@pytest.mark.parametrize(
    ("stored", "gb"),
    [
        (
            StoredRows("a", "x", "1", 10**6, 4 * 2**30, 2 * 2**30),
            {Sku.DYNAMODB_STORED: 4, Sku.AURORA_STORED: 2},
        ),
        (StoredObjects("a", "x", "1", 10 * 2**30), {Sku.S3_STORED: 10}),
    ],
    ids=["rows", "objects"],
)
def test_a_month_of_what_is_kept_costs_what_a_gb_month_does(stored, gb):
    charges = storage_charges(stored, prices=PRICES, period=MONTH, is_emulated=True)
    kept = {each.price.key.sku: each.list_cost / each.price.usd for each in charges}
    assert kept == pytest.approx(gb)
    assert {each.billed_cost for each in charges} == {0.0}


def test_what_is_kept_is_booked_a_day_at_a_time_and_days_that_were_missed_too():
    book = FakeUsageBook()
    book.rows = [StoredRows("a", "x", "1", 10, 5000, 9000), StoredRows("a", "x", "2", 1, 500, 900)]
    world = ports(book)
    assert book_storage(NOW, kept_for=90 * DAY, ports=world).charges == 4
    assert book_storage(NOW, kept_for=90 * DAY, ports=world).charges == 0
    assert book_storage(NOW + 3 * DAY, kept_for=90 * DAY, ports=world).charges == 12
    days = {c.period_start.date() for c in book.charges.values()}
    assert [day.day for day in sorted(days)] == [1, 2, 3, 4]


def test_a_batchs_objects_are_charged_from_the_day_it_closed_until_the_bucket_lets_them_go():
    book = FakeUsageBook()
    book.objects = [(NOW, StoredObjects("a", "x", "1", 2**30))]
    for days in range(7):
        book_storage(NOW + days * DAY, kept_for=2 * DAY, ports=ports(book))
    assert kinds(book) == {(UsageKind.OBJECTS_STORED, Service.S3, day) for day in (2, 3, 4)}
    assert {c.owner for c in book.charges.values()} == {Owner(None, "a", "x", "1")}


def test_the_days_that_objects_are_kept_are_the_templates():
    _, _, after = TEMPLATE.read_text().partition("WorkRetentionDays:")
    words = after.split()
    days = int(words[words.index("Default:") + 1])
    assert Settings.model_fields["work_retention_days"].default == days


@pytest.mark.parametrize(
    ("read", "units"),
    [
        ({}, 8.0),
        ({"index_bytes": 16 * 4096, "rows": 500}, 8.0),
        ({"index_bytes": 16 * 4096 + 1, "rows": 500}, 16.0),
        ({"index_bytes": 100, "rows": 3, "row_reads": 1}, 11.0),
        ({"index_bytes": 100, "rows": 3, "row_reads": 3}, 17.0),
    ],
    ids=["nothing", "counted", "rounded up", "every row", "repaired"],
)
def test_a_proof_reads_the_index_for_half_and_rows_for_a_unit_each(read, units):
    charge = proof_charge(proof(**read), prices=PRICES, is_emulated=False)
    assert charge.quantity == units
    assert charge.list_cost == charge.billed_cost == pytest.approx(units * charge.price.usd)


@given(st.integers(0, 10**10), st.integers(0, 10**8), st.integers(0, 3))
def test_more_is_never_read_for_less(index_bytes, rows, reads):
    some = proof(index_bytes=index_bytes, rows=rows, row_reads=reads)
    more = proof(index_bytes=index_bytes + 1, rows=rows + 1, row_reads=reads + 1)
    assert 0 < some.read_units < more.read_units


def test_each_proof_is_booked_once_for_its_batch():
    book = FakeUsageBook()
    full = proof(proved_at=NOW + DAY, rows=3, row_reads=1)
    book.proofs = [proof(), full]
    assert book_proofs(ports(book)).charges == 2
    assert book_proofs(ports(book)).charges == 0
    assert {c.owner for c in book.charges.values()} == {OWNER}
    assert sum(c.quantity for c in book.charges.values()) == 8 + 11
