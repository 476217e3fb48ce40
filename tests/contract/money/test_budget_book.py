"""BudgetBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.adapters.postgres.money.budget_book import PostgresBudgetBook
from include.adapters.postgres.money.usage_book import PostgresUsageBook
from include.domain.accounts import Account, Tier
from include.domain.errors import UnknownAccount
from include.domain.lanes import Lane
from include.domain.money.budgets import ALL_ACCOUNTS, Budget, Spending, Standing
from include.domain.money.costs import lane_charge
from include.domain.money.endpoint_time import ServingEndpoint, idle_charge
from include.domain.money.usage import Period
from include.files.prices import load_price_book
from include.pipeline.money.budget_gate import BudgetBook
from include.pipeline.ports.stores import BatchClosure
from tests.support.fakes.money import FakeBudgetBook
from tests.support.manifests import SUBMITTED_AT, make_manifest

ACCOUNT, OTHER = "standard-harbor", "trial-lumen"
TODAY = SUBMITTED_AT.date()


@pytest.fixture
def database(product_database_url: str) -> Iterator[Database]:
    database = Database(product_database_url)
    PostgresAccountDirectory(database).put(
        [Account(ACCOUNT, Tier.STANDARD), Account(OTHER, Tier.TRIAL)]
    )
    yield database
    database.close()


@pytest.fixture(params=["fake", "postgres"])
def book(request: pytest.FixtureRequest) -> BudgetBook:
    if request.param == "fake":
        return FakeBudgetBook()
    database = request.getfixturevalue("database")
    store = PostgresReadStore(database)
    for number in range(8):
        store.open_batch(make_manifest(f"b-{number}"), run_id=f"run-{number}")
    return PostgresBudgetBook(database)


def test_an_account_without_a_budget_may_spend_what_it_wants(book: BudgetBook) -> None:
    assert book.look(ACCOUNT, "b-9", TODAY).standing is Standing.WITHIN
    assert book.reserve(ACCOUNT, "b-1", 1e9, TODAY).standing is Standing.WITHIN
    assert list(book.budgets(TODAY)) == []


def test_what_is_set_aside_counts_until_it_is_replaced(book: BudgetBook) -> None:
    book.put(Budget(ACCOUNT, 1.0), by="ada")
    assert book.reserve(ACCOUNT, "b-1", 0.7, TODAY).standing is Standing.WITHIN
    assert book.reserve(ACCOUNT, "b-2", 0.4, TODAY).standing is Standing.REFUSED
    assert book.reserve(ACCOUNT, "b-1", 0.5, TODAY).standing is Standing.WITHIN
    assert book.reserve(ACCOUNT, "b-2", 0.4, TODAY).standing is Standing.WARNED
    assert list(book.budgets(TODAY)) == [(Budget(ACCOUNT, 1.0), Spending(0.0, 0.9))]
    assert book.reserve(ACCOUNT, "b-3", 0.1, TODAY).standing is Standing.WARNED
    assert book.look(ACCOUNT, "b-9", TODAY).standing is Standing.REFUSED, "nothing is left"
    book.put(Budget(ACCOUNT, 2.0, 0.9), by="ada")
    assert book.look(ACCOUNT, "b-9", TODAY).standing is Standing.WITHIN
    book.remove(ACCOUNT)
    assert book.reserve(ACCOUNT, "b-4", 1e9, TODAY).standing is Standing.WITHIN


def test_the_budget_of_all_holds_every_account_beside_its_own(book: BudgetBook) -> None:
    book.put(Budget(ALL_ACCOUNTS, 1.0), by="ada")
    assert book.reserve(ACCOUNT, "b-1", 0.5, TODAY).standing is Standing.WITHIN
    warned = book.reserve(OTHER, "b-2", 0.4, TODAY)
    assert warned.standing is Standing.WARNED
    assert warned.reason == "90% of $1 for today of all work together"
    book.put(Budget(ACCOUNT, 9.0), by="ada")
    refused = book.reserve(ACCOUNT, "b-3", 0.2, TODAY)
    assert refused.standing is Standing.REFUSED
    assert refused.reason.startswith(
        "all work together has a budget of $1 a day: $0 spent and $0.9"
    )
    assert book.reserve(OTHER, "b-2", 0.5, TODAY).standing is Standing.WARNED, "replaced"
    assert book.look(OTHER, "b-9", TODAY).standing is Standing.REFUSED, "nothing is left for anyone"
    book.put(Budget(ACCOUNT, 0.4), by="ada")
    both = book.reserve(ACCOUNT, "b-3", 0.2, TODAY)
    assert "all work together" in both.reason
    assert f"account '{ACCOUNT}'" in both.reason
    found = {budget.account_id: spent for budget, spent in book.budgets(TODAY)}
    assert found == {ALL_ACCOUNTS: Spending(0.0, 1.0), ACCOUNT: Spending(0.0, 0.5)}
    book.remove(ALL_ACCOUNTS)
    assert book.reserve(OTHER, "b-4", 1e9, TODAY).standing is Standing.WITHIN


def test_the_budget_of_all_counts_what_is_for_no_account(database: Database) -> None:
    book = PostgresBudgetBook(database)
    book.put(Budget(ALL_ACCOUNTS, 1.0), by="ada")
    endpoint = ServingEndpoint("e", "x", "1", "ml.g4dn.xlarge", 1, SUBMITTED_AT)
    period = Period(SUBMITTED_AT, SUBMITTED_AT + timedelta(hours=2))
    idle = idle_charge(
        endpoint, charged_hours=0, prices=load_price_book(), period=period, is_emulated=True
    )
    assert idle is not None
    PostgresUsageBook(database).book([idle])
    verdict = book.look(ACCOUNT, "b-1", TODAY)
    assert verdict.standing is Standing.REFUSED
    with database.transaction("test") as connection:
        events = connection.execute("SELECT account_id, reason FROM budget_events").fetchall()
    assert events == [(ALL_ACCOUNTS, verdict.reason)]


def test_charges_take_the_place_of_what_was_set_aside(database: Database) -> None:
    store, book = PostgresReadStore(database), PostgresBudgetBook(database)
    store.open_batch(make_manifest("b-1"), run_id="run")
    book.put(Budget(ACCOUNT, 1.0), by="ada")
    book.reserve(ACCOUNT, "b-1", 0.9, TODAY)
    charge = lane_charge(
        batch_id="b-1",
        lane=Lane.TRANSFORM,
        resource_id="job",
        sku="ml.x",
        price_usd_per_h=0.6,
        instance_count=1,
        started_at=SUBMITTED_AT,
        ended_at=SUBMITTED_AT + timedelta(hours=1),
        is_emulated=True,
    )
    store.record_charge(charge)
    store.close_batch("b-1", BatchClosure("succeeded", "", SUBMITTED_AT, True, ""))
    ((_, spending),) = book.budgets(TODAY)
    assert spending == Spending(pytest.approx(0.6), 0.0)
    ((_, tomorrow),) = book.budgets(TODAY + timedelta(days=1))
    assert tomorrow == Spending(0.0, 0.0)


def test_of_batches_that_ask_at_once_no_more_get_in_than_there_is_money_for(
    database: Database, product_database_url: str
) -> None:
    store, book = PostgresReadStore(database), PostgresBudgetBook(database)
    for number in range(8):
        store.open_batch(make_manifest(f"b-{number}"), run_id=f"run-{number}")
    book.put(Budget(ACCOUNT, 1.0), by="ada")

    def ask(number: int) -> Standing:
        own = Database(product_database_url)
        try:
            verdict = PostgresBudgetBook(own).reserve(ACCOUNT, f"b-{number}", 0.3, TODAY)
        finally:
            own.close()
        return verdict.standing

    with ThreadPoolExecutor(8) as pool:
        standings = list(pool.map(ask, range(8)))
    assert standings.count(Standing.REFUSED) == 5
    with database.transaction("test") as connection:
        events = connection.execute(
            "SELECT standing, count(*) FROM budget_events GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert events == [("refused", 5), ("warned", 1)]


def test_a_batch_that_is_not_even_pulled_is_noted_once(database: Database) -> None:
    book = PostgresBudgetBook(database)
    book.put(Budget(ACCOUNT, 0.0), by="ada")
    for _ in range(2):
        assert book.look(ACCOUNT, "b-1", TODAY).standing is Standing.REFUSED
    with database.transaction("test") as connection:
        events = connection.execute("SELECT batch_id, standing FROM budget_events").fetchall()
    assert events == [("b-1", "refused")]


def test_a_budget_for_nobody_is_refused(database: Database) -> None:
    with pytest.raises(UnknownAccount):
        PostgresBudgetBook(database).put(Budget("nobody", 1.0), by="ada")
