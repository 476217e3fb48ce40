from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.lanes import Lane
from include.domain.money.endpoint_time import ProvisionedEndpoint, provisioned_charge
from include.domain.money.prices import Service, Sku
from include.domain.money.usage import Period, UsageKind
from include.files.prices import load_price_book
from include.pipeline.money.book_endpoints import book_provisioned
from include.pipeline.money.keep_ledger import LedgerPorts
from tests.support.fakes import FakeObjectStore
from tests.support.fakes.money import FakeServingEndpoints, FakeUsageBook

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WARM = ProvisionedEndpoint("twolane-x-v1", "x", "1", 4.0, 2, NOW - 3 * HOUR)
GB_SECOND = load_price_book().price(Service.SAGEMAKER, Sku.SERVERLESS_PROVISIONED).usd
HOURLY = 2 * 4 * 3600 * GB_SECOND
"""Of two environments of 4 GB."""


def ports(book: FakeUsageBook, warm: ProvisionedEndpoint = WARM) -> LedgerPorts:
    endpoints = FakeServingEndpoints(warm=[warm])
    return LedgerPorts(FakeObjectStore(), book, endpoints, load_price_book(), is_emulated=True)


@given(hours=st.floats(0.001, 100), called=st.floats(0, 900))
def test_what_is_kept_warm_costs_its_time_and_is_waste_while_nobody_calls(hours, called):
    charge = provisioned_charge(
        WARM,
        called_hours=called,
        prices=load_price_book(),
        period=Period(NOW, NOW + timedelta(hours=hours)),
        is_emulated=False,
    )
    assert charge is not None
    assert charge.list_cost == charge.billed_cost == pytest.approx(HOURLY * hours, rel=1e-6)
    assert 0 <= charge.waste_cost <= charge.list_cost
    idle_hours = max(0.0, 2 * hours - called)
    assert charge.waste_cost == pytest.approx(HOURLY / 2 * idle_hours, rel=1e-5, abs=1e-9)


def test_each_hour_of_what_is_kept_warm_is_booked_once():
    book = FakeUsageBook(charged=1.5)
    world = ports(book)
    book_provisioned(NOW, world)
    assert book_provisioned(NOW, world).charges == 0
    (charge,) = book.charges.values()
    assert charge.kind is UsageKind.PROVISIONED_CONCURRENCY
    assert (charge.owner.account_id, charge.owner.model_version) == (None, "1")
    assert (charge.list_cost, charge.billed_cost) == (pytest.approx(3 * HOURLY), 0.0)
    assert charge.waste_cost == pytest.approx(HOURLY / 2 * 4.5)
    book_provisioned(NOW + HOUR, world)
    assert sum(c.list_cost for c in book.charges.values()) == pytest.approx(4 * HOURLY)


def test_time_in_which_a_batch_still_calls_is_left_until_it_has_closed():
    book = FakeUsageBook(busy_since=NOW - 2 * HOUR)
    book_provisioned(NOW, ports(book))
    (charge,) = book.charges.values()
    assert (charge.period_end, charge.list_cost) == (NOW - 2 * HOUR, pytest.approx(HOURLY))
    assert book.asked == [Lane.SERVERLESS]


def test_an_endpoint_that_was_given_environments_later_is_charged_since():
    book = FakeUsageBook()
    book_provisioned(NOW, ports(book, replace(WARM, changed_at=NOW - HOUR / 2)))
    (charge,) = book.charges.values()
    assert (charge.period_start, charge.list_cost) == (NOW - HOUR / 2, pytest.approx(HOURLY / 2))
