"""Budgets: what may be spent on a day, by an account or in all, and what follows for a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

ALL_ACCOUNTS = "*"
"""Whose the budget of a whole day is; no account's id may be it."""


class Standing(StrEnum):
    """What a budget says of a batch."""

    WITHIN = "within"
    WARNED = "warned"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Budget:
    """What an account may spend on a day, UTC, in USD at list price.

    Attributes:
        account_id: `ALL_ACCOUNTS` for what a day may come to in all.
        warn_share: from this share on every batch is warned of.

    Raises:
        ValueError: it is below zero, or the share is none.
    """

    account_id: str
    daily_usd: float
    warn_share: float = 0.8

    def __post_init__(self) -> None:
        if self.daily_usd < 0 or not 0 < self.warn_share <= 1:
            raise ValueError(
                f"budget of {self.account_id}: ${self.daily_usd} a day, warned at {self.warn_share}"
            )

    @property
    def whose(self) -> str:
        """Who has it, in words."""
        if self.account_id == ALL_ACCOUNTS:
            return "all work together"
        return f"account {self.account_id!r}"


@dataclass(frozen=True, slots=True)
class Spending:
    """What a day has come to, of an account or in all, in USD at list price.

    Attributes:
        charged_usd: booked, of work that began on the day.
        reserved_usd: estimated for batches that run.
    """

    charged_usd: float
    reserved_usd: float

    @property
    def total_usd(self) -> float:
        """Both."""
        return self.charged_usd + self.reserved_usd


@dataclass(frozen=True, slots=True)
class BudgetVerdict:
    """A budget's word on a batch; `reason` is a sentence for a person, empty when within."""

    standing: Standing
    reason: str = ""


def judge(budget: Budget, spending: Spending, asked_usd: float) -> BudgetVerdict:
    """Say whether a batch may cost what it is estimated to.

    Args:
        asked_usd: the estimate; 0 asks whether anything is left at all.

    Raises:
        ValueError: the estimate is below zero.
    """
    if asked_usd < 0:
        raise ValueError(f"{budget.whose}: an estimate of ${asked_usd}")
    after_usd = spending.total_usd + asked_usd
    is_spent = spending.total_usd >= budget.daily_usd
    if after_usd > budget.daily_usd or (is_spent and not asked_usd):
        asked = f"; the batch is estimated at ${asked_usd:.4g}" if asked_usd else ""
        return BudgetVerdict(
            Standing.REFUSED,
            f"{budget.whose} has a budget of ${budget.daily_usd:.4g} a day: "
            f"${spending.charged_usd:.4g} spent and ${spending.reserved_usd:.4g} under way{asked}",
        )
    if after_usd >= budget.warn_share * budget.daily_usd:
        if not budget.daily_usd:
            return BudgetVerdict(Standing.WARNED, f"nothing is left for {budget.whose}")
        share = f"{after_usd / budget.daily_usd:.0%} of ${budget.daily_usd:.4g}"
        return BudgetVerdict(Standing.WARNED, f"{share} for today of {budget.whose}")
    return BudgetVerdict(Standing.WITHIN)


def strictest(verdicts: Sequence[BudgetVerdict]) -> BudgetVerdict:
    """Return the word of several budgets on a batch: within only where all of them say so."""
    for standing in (Standing.REFUSED, Standing.WARNED):
        reasons = [each.reason for each in verdicts if each.standing is standing]
        if reasons:
            return BudgetVerdict(standing, "; ".join(reasons))
    return BudgetVerdict(Standing.WITHIN)
