"""How a simulated batch went, and what decides its luck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from include.domain.lanes import Lane
from include.domain.simulation.arrivals import Arrival

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""When traces begin."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a batch went.

    Attributes:
        waited_s: for capacity.
        latency_s: from arrival to the last document, waiting included.
    """

    batch: Arrival
    lane: Lane
    instances: int
    waited_s: float
    latency_s: float
    list_cost_usd: float
    is_failed: bool
    interruptions: int

    @property
    def is_late(self) -> bool:
        """Whether the results came after the deadline."""
        return self.latency_s > self.batch.budget_s


def luck_of(luck: str, batch: Arrival, lane: Lane) -> str:
    """Return what decides a batch's luck on a lane."""
    return f"{luck}/{batch.index}/{lane.value}"
