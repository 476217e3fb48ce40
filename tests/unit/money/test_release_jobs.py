from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from include.domain.errors import UnknownPrice
from include.domain.money.release_jobs import ReleaseJob
from include.domain.money.usage import Owner, Period, UsageKind
from include.files.prices import load_price_book
from include.pipeline.money.book_releases import book_release_jobs
from include.pipeline.money.keep_ledger import LedgerPorts
from tests.support.fakes import FakeObjectStore
from tests.support.fakes.money import FakeReleaseJobs, FakeServingEndpoints, FakeUsageBook

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TRAINED = ReleaseJob(
    name="twolane-train-x-linear-0123",
    kind=UsageKind.TRAINING,
    model_name="x",
    instance_type="ml.m5.large",
    billed_s=1800,
    period=Period(NOW - HOUR, NOW - HOUR / 2),
    has_completed=True,
)
EVALUATED = replace(
    TRAINED,
    name="twolane-evaluate-x-0123-gpu",
    kind=UsageKind.EVALUATION,
    instance_type="ml.g4dn.xlarge",
    has_completed=False,
)


def ports(book: FakeUsageBook, is_emulated: bool = False) -> LedgerPorts:
    prices = load_price_book()
    return LedgerPorts(FakeObjectStore(), book, FakeServingEndpoints(), prices, is_emulated)


def hourly(instance_type):
    return load_price_book().instance(instance_type).usd


def test_a_job_is_booked_once_for_its_model_and_is_waste_where_it_failed():
    book = FakeUsageBook()
    jobs = FakeReleaseJobs([TRAINED, EVALUATED])
    assert book_release_jobs(NOW, jobs, ports(book)).charges == 2
    assert book_release_jobs(NOW + HOUR, jobs, ports(book)).charges == 0
    trained, evaluated = book.charges.values()
    assert (trained.kind, evaluated.kind) == (UsageKind.TRAINING, UsageKind.EVALUATION)
    assert trained.owner == Owner(model_name="x")
    assert trained.list_cost == trained.billed_cost == pytest.approx(hourly("ml.m5.large") / 2)
    assert evaluated.list_cost == pytest.approx(hourly("ml.g4dn.xlarge") / 2)
    assert (trained.waste_cost, evaluated.waste_cost) == (0.0, evaluated.list_cost)


def test_an_emulated_job_is_never_billed():
    book = FakeUsageBook()
    booked = book_release_jobs(NOW, FakeReleaseJobs([TRAINED]), ports(book, is_emulated=True))
    (charge,) = book.charges.values()
    assert (charge.is_emulated, charge.billed_cost) == (True, 0.0)
    assert booked.list_cost_usd == charge.list_cost > 0


def test_a_job_without_a_price_is_told_when_every_other_is_booked():
    book = FakeUsageBook()
    unpriced = replace(TRAINED, name="twolane-train-x-2", instance_type="ml.p9.large")
    with pytest.raises(UnknownPrice, match=r"twolane-train-x-2: .*ml\.p9\.large"):
        book_release_jobs(NOW, FakeReleaseJobs([unpriced, EVALUATED]), ports(book))
    assert [each.resource_id for each in book.charges.values()] == [EVALUATED.name]


def test_a_job_that_ended_long_ago_is_not_looked_for():
    book = FakeUsageBook()
    jobs = FakeReleaseJobs([TRAINED])
    assert book_release_jobs(NOW + timedelta(days=31), jobs, ports(book)).charges == 0
