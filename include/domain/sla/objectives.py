"""What a tier is promised, and how much of it was kept in a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from include.domain.accounts import Tier


@dataclass(frozen=True, slots=True)
class Objective:
    """What a tier is promised.

    Attributes:
        deadline_s: seconds from submission to both stores, where a batch asks for nothing else.
        attainment: share of batches that are to be in time.
    """

    tier: Tier
    deadline_s: float
    attainment: float


@dataclass(frozen=True, slots=True)
class WeekOfTier:
    """How a tier's batches of a week came out.

    Attributes:
        week: its Monday, UTC.
        batches: submitted in the week and due by now.
        met: both stores had every row by the deadline.
        failed: ended without results; they have missed their deadlines too.
        p50_s: median seconds from submission to both stores; None where none succeeded.
        p95_s: the same of nineteen batches in twenty.
    """

    week: date
    tier: Tier
    batches: int
    met: int
    failed: int
    p50_s: float | None
    p95_s: float | None

    @property
    def attainment(self) -> float:
        """Share of the batches that were in time."""
        return self.met / self.batches

    def keeps(self, objective: Objective) -> bool:
        """Whether the objective was kept."""
        return self.attainment >= objective.attainment
