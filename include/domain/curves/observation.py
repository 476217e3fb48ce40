"""What one batch showed of a lane."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from include.domain.lanes import Lane


@dataclass(frozen=True, slots=True)
class Load:
    """What a batch asks of a lane.

    Attributes:
        instances: it is spread over.
        started: those of them that are started for it; the others are in service already.
    """

    tokens: int
    documents: int
    instances: int = 1
    started: int = 1

    @property
    def path(self) -> tuple[float, float, float]:
        """Starts, tokens and documents one after another, on the longest instance."""
        waits = 1.0 if self.started == self.instances else 0.0
        return waits, self.tokens / self.instances, self.documents / self.instances

    @property
    def work(self) -> tuple[float, float, float]:
        """Starts, tokens and documents over all instances."""
        return float(self.started), float(self.tokens), float(self.documents)


@dataclass(frozen=True, slots=True)
class CurveKey:
    """Whose curve: a lane on a class of hardware, with a model."""

    lane: Lane
    instance_type: str
    model_name: str


@dataclass(frozen=True, slots=True)
class LaneObservation:
    """One batch on one lane.

    Attributes:
        observation_id: the same each time the same batch is looked at.
        latency_s: seconds from the batch's request to its last document; waiting included.
        billed_s: instance seconds at the price on demand, over all instances.
        is_failed: the lane gave the work up, or a part of it had to be done again.
        interruptions: instances that were taken away.
        held_s: seconds in which they could have been.
        seen_at: timezone-aware.
    """

    observation_id: str
    key: CurveKey
    load: Load
    latency_s: float
    billed_s: float
    is_failed: bool
    interruptions: int
    held_s: float
    seen_at: datetime

    @property
    def is_undisturbed(self) -> bool:
        """Whether its times are those of a batch that all went well for."""
        return not self.is_failed and not self.interruptions
