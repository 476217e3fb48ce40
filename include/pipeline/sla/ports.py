"""What watching deadlines needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from include.domain.accounts import Tier
from include.domain.sla.events import SlaEvent
from include.domain.sla.objectives import WeekOfTier


@dataclass(frozen=True, slots=True)
class DueBatch:
    """A batch with a deadline.

    Attributes:
        state: `running`, `succeeded` or `failed`.
        closed_at: None while it runs.
        message: why it failed.
    """

    batch_id: str
    account: str
    tier: Tier
    submitted_at: datetime
    deadline_at: datetime
    state: str = "running"
    closed_at: datetime | None = None
    message: str = ""


class SlaBook(Protocol):
    """Batches with their deadlines, and what became of those. Raises `StoreError`."""

    def running(self) -> Sequence[DueBatch]:
        """Return the batches that run, the one that is due first at the front."""
        ...

    def unreported_misses(self, since: datetime, now: datetime) -> Sequence[DueBatch]:
        """Return batches that were due since, are or were late, and have no event that says so."""
        ...

    def note(self, event: SlaEvent) -> bool:
        """Keep an event; return False where the batch has one of its kind and action already."""
        ...

    def events(self, batch_id: str) -> Sequence[SlaEvent]:
        """Return what happened to a batch's deadline, in order."""
        ...

    def attainment(self, since: datetime, now: datetime) -> Sequence[WeekOfTier]:
        """Return the weeks of batches submitted since, the latest first."""
        ...
