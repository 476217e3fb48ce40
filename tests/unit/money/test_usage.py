from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.lanes import Lane
from include.domain.money.endpoint_time import ServingEndpoint, idle_charge
from include.domain.money.prices import Sku
from include.domain.money.usage import (
    BatchUsage,
    Owner,
    Period,
    UsageKind,
    batch_charges,
)
from include.files.prices import load_price_book
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.money.book_endpoints import book_idle_endpoints, book_idle_until
from include.pipeline.money.keep_ledger import LedgerPorts, book_batches
from include.pipeline.money.ports import ClosedBatch
from tests.support.fakes import FakeObjectStore
from tests.support.fakes.money import FakeServingEndpoints, FakeUsageBook

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWNER = Owner("b-1", "standard-harbor", "news-topic", "1")
HOURLY = load_price_book().instance("ml.g4dn.xlarge").usd
ENDPOINT = ServingEndpoint("twolane-x-v1-async", "x", "1", "ml.g4dn.xlarge", 2, NOW - 3 * HOUR)


def ports(**changes):
    values = {
        "objects": FakeObjectStore(),
        "book": FakeUsageBook(),
        "endpoints": FakeServingEndpoints(),
        "prices": load_price_book(),
        "is_emulated": False,
    }
    return LedgerPorts(**(values | changes))


def closed(batch_id="b-1", **changes):
    values = {
        "owner": Owner(batch_id, "standard-harbor", "news-topic", "1"),
        "lane": Lane.SERVERLESS,
        "submitted_at": NOW - HOUR,
        "closed_at": NOW,
        "write_units": 6,
        "is_queued": True,
    }
    return ClosedBatch(**(values | changes))


usages = st.builds(
    BatchUsage,
    objects=st.integers(0, 10**6),
    shards=st.integers(0, 10**5),
    write_units=st.integers(0, 10**8),
    serverless_bytes=st.integers(0, 10**12),
    is_queued=st.booleans(),
)


@given(usages, st.booleans())
def test_nothing_is_charged_twice_or_below_zero_and_emulated_work_is_never_billed(usage, emulated):
    charges = batch_charges(
        usage,
        OWNER,
        prices=load_price_book(),
        period=Period(NOW, NOW),
        is_emulated=emulated,
    )
    assert len({each.charge_id for each in charges}) == len(charges)
    for each in charges:
        assert 0 <= each.waste_cost <= each.list_cost
        assert each.billed_cost == (0 if emulated else each.list_cost)
        assert each.list_cost == each.quantity * each.price.usd > 0


@given(count=st.integers(1, 8), hours=st.floats(0, 100), charged=st.floats(0, 900, allow_nan=False))
def test_an_endpoints_time_is_charged_once_to_batches_or_as_idle(count, hours, charged):
    period = Period(NOW, NOW + timedelta(hours=hours))
    endpoint = ServingEndpoint("e", "x", "1", "ml.g4dn.xlarge", count, NOW)
    idle = idle_charge(
        endpoint,
        charged_hours=charged,
        prices=load_price_book(),
        period=period,
        is_emulated=False,
    )
    total = charged + (idle.quantity if idle else 0)
    assert total == pytest.approx(max(charged, count * period.hours), abs=1e-6)
    assert idle is None or idle.waste_cost == idle.list_cost


def test_a_closed_batch_is_booked_once_with_what_stands_of_it():
    world = ports()
    layout = BatchLayout("work", "b-1")
    for uri in (layout.manifest, layout.raw_shard(0), layout.input_shard(0)):
        world.objects.put(uri, b"x" * 1000)
    world.objects.put(layout.output_shard(0), b"y" * 500)
    world.book.waiting = [closed()]
    booked = book_batches("work", world)
    quantities = {c.price.key.sku: c.quantity for c in world.book.charges.values()}
    assert quantities == {
        Sku.S3_PUT: 4,
        Sku.S3_GET: 5,
        Sku.DYNAMODB_WRITE: 6,
        Sku.SERVERLESS_DATA: 1500 / 2**30,
        Sku.SQS_REQUEST: 3,
    }
    assert booked.list_cost_usd == sum(c.list_cost for c in world.book.charges.values())
    assert world.book.work_bytes == {"b-1": 3500}, "what it keeps in S3"
    assert book_batches("work", world).charges == 0


def test_an_endpoint_is_idle_where_no_batch_was_charged_and_each_hour_counts_once():
    book = FakeUsageBook(charged=1.5)
    world = ports(book=book, endpoints=FakeServingEndpoints([ENDPOINT]))
    book_idle_endpoints(NOW, world)
    (charge,) = book.charges.values()
    assert (charge.kind, charge.quantity) == (UsageKind.ENDPOINT_TIME, pytest.approx(4.5))
    assert charge.waste_cost == charge.list_cost == pytest.approx(4.5 * HOURLY)
    book.charged = 0.0
    book_idle_endpoints(NOW + HOUR, world)
    assert sum(c.quantity for c in book.charges.values()) == pytest.approx(4.5 + 2)


def test_time_in_which_a_batch_still_runs_is_left_until_it_has_closed():
    book = FakeUsageBook(busy_since=NOW - 2 * HOUR)
    world = ports(book=book, endpoints=FakeServingEndpoints([ENDPOINT]))
    book_idle_endpoints(NOW, world)
    (charge,) = book.charges.values()
    assert (charge.period_end, charge.quantity) == (NOW - 2 * HOUR, pytest.approx(2))


def test_an_endpoint_that_was_at_zero_is_charged_since_it_came_back():
    woken = replace(ENDPOINT, changed_at=NOW - HOUR / 2)
    book = FakeUsageBook()
    world = ports(book=book, endpoints=FakeServingEndpoints([woken]))
    book_idle_endpoints(NOW, world)
    (charge,) = book.charges.values()
    assert (charge.period_start, charge.quantity) == (NOW - HOUR / 2, pytest.approx(1))


def test_an_endpoint_that_is_looked_at_every_hour_is_charged_through_a_change():
    book = FakeUsageBook()
    world = ports(book=book, endpoints=FakeServingEndpoints([ENDPOINT]))
    book_idle_endpoints(NOW, world)
    changed = replace(ENDPOINT, changed_at=NOW + HOUR / 2)
    world = ports(book=book, endpoints=FakeServingEndpoints([changed]))
    book_idle_endpoints(NOW + HOUR, world)
    assert sum(c.quantity for c in book.charges.values()) == pytest.approx(2 * 4)


def test_what_an_endpoint_cost_until_it_lost_its_instances_is_booked_at_once():
    book = FakeUsageBook(busy_since=NOW - 2 * HOUR)
    other = replace(ENDPOINT, name="twolane-y-v1-async")
    world = ports(book=book, endpoints=FakeServingEndpoints([ENDPOINT, other]))
    booked = book_idle_until([ENDPOINT.name], NOW, world)
    (charge,) = book.charges.values()
    assert (charge.resource_id, charge.period_end) == (ENDPOINT.name, NOW)
    assert booked.list_cost_usd == charge.waste_cost == pytest.approx(6 * HOURLY)
