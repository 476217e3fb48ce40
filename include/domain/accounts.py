"""Accounts and their tiers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from include.domain.errors import TierNotAllowed


class Tier(StrEnum):
    """Service tiers, from the least to the most entitled."""

    DEMO = "demo"
    TRIAL = "trial"
    STANDARD = "standard"
    ENTERPRISE = "enterprise"

    @property
    def rank(self) -> int:
        """Position in the order of entitlement, 0 for `demo`."""
        return list(Tier).index(self)


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who submits batches."""

    account_id: str
    tier: Tier

    def effective_tier(self, requested: Tier | None) -> Tier:
        """Return the tier a submission runs under: the account's own, or a lower one asked for.

        Raises:
            TierNotAllowed: the submission asks for more than the account has.
        """
        if requested is None:
            return self.tier
        if requested.rank > self.tier.rank:
            raise TierNotAllowed(
                f"account {self.account_id!r} has tier {self.tier.value!r} and cannot submit as "
                f"{requested.value!r}"
            )
        return requested
