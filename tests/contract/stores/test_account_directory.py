"""AccountDirectory: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.database import Database
from include.cli.provision import DEMO_ACCOUNTS
from include.domain.accounts import Account, Tier
from include.domain.errors import StoreError, UnknownAccount
from include.pipeline.ports.directories import AccountDirectory
from tests.support.fakes import FakeAccountDirectory


@pytest.fixture(params=["fake", "postgres"])
def accounts(request: pytest.FixtureRequest) -> AccountDirectory:
    if request.param == "fake":
        return FakeAccountDirectory()
    directory = PostgresAccountDirectory(Database(request.getfixturevalue("product_database_url")))
    directory.put(DEMO_ACCOUNTS)
    return directory


@pytest.mark.parametrize("account", DEMO_ACCOUNTS, ids=lambda account: account.account_id)
def test_an_account_comes_with_its_tier(accounts: AccountDirectory, account: Account) -> None:
    assert accounts.get(account.account_id) == account


@pytest.mark.parametrize("name", ["nobody", "", "demo-visitor ", "DEMO-VISITOR", "a\0b", "'; --"])
def test_an_unknown_account_is_named(accounts: AccountDirectory, name: str) -> None:
    with pytest.raises(UnknownAccount) as caught:
        accounts.get(name)

    assert repr(name) in str(caught.value)


def test_putting_an_account_again_sets_its_tier(product_database_url: str) -> None:
    directory = PostgresAccountDirectory(Database(product_database_url))
    directory.put([Account("harbor", Tier.TRIAL)])
    directory.put([Account("harbor", Tier.STANDARD)])

    assert directory.get("harbor").tier is Tier.STANDARD


def test_an_id_that_would_blur_keys_is_refused(product_database_url: str) -> None:
    directory = PostgresAccountDirectory(Database(product_database_url))

    with pytest.raises(StoreError, match="har#bor"):
        directory.put([Account("har#bor", Tier.TRIAL)])
