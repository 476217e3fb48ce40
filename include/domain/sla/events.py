"""What happened to a batch's deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from include.domain.sla.stages import Stage


class SlaKind(StrEnum):
    """A miss that was foreseen, and one that has come."""

    RISK = "risk"
    MISS = "miss"


class Action(StrEnum):
    """What can be done about a miss that is foreseen."""

    ADD_INSTANCES = "add_instances"
    LEAVE_SPOT = "leave_spot"


@dataclass(frozen=True, slots=True)
class SlaEvent:
    """A risk or a miss of one batch. There is one of each kind and action.

    Attributes:
        stage: of a risk, the one that the batch is in; of a miss, the one that ate the time.
        detail: one sentence with what was seen.
        predicted_at: of a risk, when both stores are expected to have every row.
        miss_probability: of a risk; None of a miss.
        action: what was done; None for nothing.
    """

    batch_id: str
    kind: SlaKind
    stage: Stage
    at: datetime
    detail: str
    predicted_at: datetime | None = None
    miss_probability: float | None = None
    action: Action | None = None
