"""Ask an account's budget before money is spent: a batch is pulled, placed, or given more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol

from include.domain.errors import BudgetExceeded
from include.domain.money.budgets import Budget, BudgetVerdict, Spending, Standing
from include.domain.placement.routing import Placement

_LOG = logging.getLogger(__name__)


class BudgetBook(Protocol):
    """Budgets and what they were asked. In Aurora. Every method may raise `StoreError`."""

    def put(self, budget: Budget, *, by: str) -> None:
        """Set the budget of an account, or of `ALL_ACCOUNTS`. Raises `UnknownAccount`."""
        ...

    def remove(self, account_id: str) -> None:
        """Take a budget away; without one an account may spend what it wants."""
        ...

    def budgets(self, day: date) -> Sequence[tuple[Budget, Spending]]:
        """Return every budget with what the day has come to, sorted by account."""
        ...

    def look(self, account_id: str, batch_id: str, day: date) -> BudgetVerdict:
        """Say whether anything is left for a batch, by its account's budget and that of all.

        A refusal is noted. Within, where there is neither.
        """
        ...

    def reserve(self, account_id: str, batch_id: str, asked_usd: float, day: date) -> BudgetVerdict:
        """Set money aside for a batch, unless that would be too much for one of the two budgets.

        A warning or refusal is noted with the budget whose it is. Of batches that ask at the same
        time, one is judged after the other. What a batch had set aside before is replaced; it
        counts until the batch closes.
        """
        ...


@dataclass(frozen=True, slots=True)
class BudgetGate:
    """What stands between a batch and the money it would cost.

    Attributes:
        now: the time, timezone-aware; budgets are for days in UTC.
    """

    book: BudgetBook
    now: Callable[[], datetime]

    def check(self, account_id: str, batch_id: str) -> None:
        """Let an account's new batch in.

        Raises:
            BudgetExceeded: nothing is left for today of the account's budget, or of that of all.
        """
        verdict = self.book.look(account_id, batch_id, self._today)
        if verdict.standing is Standing.REFUSED:
            raise BudgetExceeded(verdict.reason)

    def admit(self, placement: Placement, *, account_id: str, batch_id: str) -> Placement:
        """Set aside what a batch is estimated to cost; return its placement, a warning added.

        Raises:
            BudgetExceeded: it would be more than is left for today; nothing was started.
        """
        verdict = self.book.reserve(account_id, batch_id, placement.list_cost_usd, self._today)
        if verdict.standing is Standing.REFUSED:
            raise BudgetExceeded(f"batch {batch_id}: {verdict.reason}")
        if verdict.standing is Standing.WARNED:
            _LOG.warning("batch %s of account %s: %s", batch_id, account_id, verdict.reason)
            return replace(placement, reason=f"{placement.reason}; {verdict.reason}")
        return placement

    def admit_more(self, list_cost_usd: float, *, account_id: str, batch_id: str) -> str:
        """Set aside what a running batch would cost if it were given more.

        Args:
            list_cost_usd: of the whole batch; it takes the place of what it was placed for, and
                counts for today.

        Returns:
            Why it may not be given more; empty where it may.
        """
        verdict = self.book.reserve(account_id, batch_id, list_cost_usd, self._today)
        return verdict.reason if verdict.standing is Standing.REFUSED else ""

    @property
    def _today(self) -> date:
        return self.now().astimezone(UTC).date()
