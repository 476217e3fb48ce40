"""BudgetBook on PostgreSQL, beside the charges it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.errors import UnknownAccount
from include.domain.money.budgets import (
    ALL_ACCOUNTS,
    Budget,
    BudgetVerdict,
    Spending,
    Standing,
    judge,
    strictest,
)

if TYPE_CHECKING:
    from psycopg import Connection


class PostgresBudgetBook:
    """Tables `budgets`, `budget_reservations` and `budget_events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, budget: Budget, *, by: str) -> None:
        """See `BudgetBook.put`."""
        values = {
            "account_id": budget.account_id,
            "daily_usd": budget.daily_usd,
            "warn_share": budget.warn_share,
            "by": by,
            "all_accounts": ALL_ACCOUNTS,
        }
        with self._database.transaction(f"budget of {budget.account_id!r}") as connection:
            if connection.execute(query("put_budget"), values).rowcount != 1:
                raise UnknownAccount(f"no account {budget.account_id!r}")

    def remove(self, account_id: str) -> None:
        """See `BudgetBook.remove`."""
        with self._database.transaction(f"budget of {account_id!r}") as connection:
            connection.execute(query("remove_budget"), {"account_id": account_id})

    def budgets(self, day: date) -> Sequence[tuple[Budget, Spending]]:
        """See `BudgetBook.budgets`."""
        with self._database.transaction(f"budgets on {day}") as connection:
            found = [Budget(*row) for row in connection.execute(query("budgets"))]
            return [(each, _spending(connection, each.account_id, day)) for each in found]

    def look(self, account_id: str, batch_id: str, day: date) -> BudgetVerdict:
        """See `BudgetBook.look`."""
        verdicts = []
        with self._database.transaction(f"budget of {account_id!r}") as connection:
            for budget in _budgets(connection, "budgets_over", account_id):
                verdict = judge(budget, _spending(connection, budget.account_id, day), 0.0)
                verdicts.append(verdict)
                if verdict.standing is Standing.REFUSED:
                    _note(connection, budget, batch_id, day, verdict)
        return strictest(verdicts)

    def reserve(self, account_id: str, batch_id: str, asked_usd: float, day: date) -> BudgetVerdict:
        """See `BudgetBook.reserve`. The budgets' rows are held until the money is set aside."""
        values = {
            "account_id": account_id,
            "batch_id": batch_id,
            "asked_usd": asked_usd,
            "day": day,
        }
        verdicts = []
        with self._database.transaction(f"budget for batch {batch_id}") as connection:
            budgets = _budgets(connection, "lock_budgets", account_id)
            for budget in budgets:
                spending = _spending(connection, budget.account_id, day, except_batch=batch_id)
                verdict = judge(budget, spending, asked_usd)
                verdicts.append(verdict)
                if verdict.standing is not Standing.WITHIN:
                    _note(connection, budget, batch_id, day, verdict)
            found = strictest(verdicts)
            if budgets and found.standing is not Standing.REFUSED:
                connection.execute(query("reserve_budget"), values)
        return found


def _note(
    connection: Connection[Any], budget: Budget, batch_id: str, day: date, verdict: BudgetVerdict
) -> None:
    values = {
        "account_id": budget.account_id,
        "batch_id": batch_id,
        "day": day,
        "standing": verdict.standing.value,
        "reason": verdict.reason,
    }
    connection.execute(query("note_budget_event"), values)


def _budgets(connection: Connection[Any], name: str, account_id: str) -> list[Budget]:
    values = {"account_id": account_id, "all_accounts": ALL_ACCOUNTS}
    return [Budget(*row) for row in connection.execute(query(name), values)]


def _spending(
    connection: Connection[Any], account_id: str, day: date, except_batch: str = ""
) -> Spending:
    values = {
        "account_id": account_id,
        "day": day,
        "except_batch": except_batch,
        "all_accounts": ALL_ACCOUNTS,
    }
    row = connection.execute(query("budget_spending"), values).fetchone()
    charged, reserved = row or (0, 0)
    return Spending(float(charged), float(reserved))
