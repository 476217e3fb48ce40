"""On what terms instances are held, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOURS_PER_YEAR = 8760


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server that is bought.

    Attributes:
        capital_usd: paid once.
        life_years: over which it is written off.
        power_w: drawn around the clock, cooling included.
        usd_per_kwh: of electricity.
        upkeep_usd_per_year: space, spare parts, hands.
    """

    capital_usd: float
    life_years: float
    power_w: float = 0.0
    usd_per_kwh: float = 0.0
    upkeep_usd_per_year: float = 0.0

    @property
    def running_usd_per_year(self) -> float:
        """What it costs beside its price."""
        return self.power_w / 1000 * HOURS_PER_YEAR * self.usd_per_kwh + self.upkeep_usd_per_year

    @property
    def usd_per_h(self) -> float:
        """What an hour costs, used or not."""
        yearly_usd = self.capital_usd / self.life_years + self.running_usd_per_year
        return yearly_usd / HOURS_PER_YEAR

    def pays_back_years(self, rent_usd_per_year: float) -> float | None:
        """Return when it has cost no more than renting; None where it never does."""
        saved_usd = rent_usd_per_year - self.running_usd_per_year
        return self.capital_usd / saved_usd if saved_usd > 0 else None


@dataclass(frozen=True, slots=True)
class Purchase:
    """How instances are paid.

    Attributes:
        usd_per_h: of an instance while it runs, on demand or on spot.
        committed: instances that are paid for every hour, running or not: reserved, under a
            savings plan, or owned.
        committed_usd_per_h: of one of them.
    """

    usd_per_h: float
    committed: int = 0
    committed_usd_per_h: float = 0.0

    def cost_usd(self, changes: Sequence[tuple[float, int]], until_s: float) -> float:
        """Return what a fleet costs from 0 to `until_s`.

        Args:
            changes: moments in seconds and by how many the running instances change then.
        """
        extra_s, running, since_s = 0.0, 0, 0.0
        for at_s, change in sorted(changes):
            extra_s += max(0, running - self.committed) * (at_s - since_s)
            running, since_s = running + change, at_s
        extra_s += max(0, running - self.committed) * (until_s - since_s)
        fixed_usd = self.committed * self.committed_usd_per_h * until_s / 3600
        return fixed_usd + extra_s / 3600 * self.usd_per_h
