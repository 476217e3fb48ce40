"""AccountDirectory on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.accounts import Account, Tier
from include.domain.errors import UnknownAccount


class PostgresAccountDirectory:
    """Accounts in the table `accounts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_id: str) -> Account:
        """Return the account; see `AccountDirectory.get`."""
        with self._database.transaction(f"account {account_id!r}") as connection:
            # No id holds a NUL, and PostgreSQL takes none in a parameter.
            found = connection.execute(
                query("get_account"), {"account_id": account_id.replace("\0", "\ufffd")}
            ).fetchone()
        if found is None:
            raise UnknownAccount(f"no account {account_id!r}")
        return Account(found[0], Tier(found[1]))

    def put(self, accounts: Iterable[Account]) -> None:
        """Add accounts; one that exists gets the tier given.

        Raises:
            StoreError: an id is not of the form `accounts.account_id` allows.
        """
        for account in accounts:
            with self._database.transaction(f"account {account.account_id!r}") as connection:
                connection.execute(
                    query("put_account"),
                    {"account_id": account.account_id, "tier": account.tier.value},
                )
