"""What a lane's circuit breaker is made of: its states, what it is told, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BreakerState(StrEnum):
    """Whether a lane is given batches: all, none, or one at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Verdict(StrEnum):
    """What the end of a batch's try says of its lane; neutral says nothing."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a breaker opens, and for how long.

    Attributes:
        window_s: outcomes older than this do not count.
        minimum_outcomes: successes and failures in the window before a rate means anything.
        failure_rate: share of failures, 0 to 1, at which it opens.
        pause_s: first pause before a probe.
        pause_growth: factor on the pause with each failed probe.
        max_pause_s: longest pause.
        lease_s: time a probe has to answer before another batch may try, at the least.
    """

    window_s: float = 600.0
    minimum_outcomes: int = 3
    failure_rate: float = 0.5
    pause_s: float = 60.0
    pause_growth: float = 2.0
    max_pause_s: float = 1800.0
    lease_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try of a batch on a lane ended.

    Attributes:
        outcome_id: the same for the same end told twice.
        started_at: when the lane began to work on the batch.
        at: when it ended.
        detail: what happened, for a person; empty on success.
    """

    outcome_id: str
    batch_id: str
    verdict: Verdict
    started_at: datetime
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Breaker:
    """A lane's state. Fields as the columns of `lane_health`."""

    state: BreakerState
    since: datetime
    counted_from: datetime
    pause_s: float = 0.0
    half_opens_at: datetime | None = None
    probe_holder: str = ""
    probe_until: datetime | None = None
    reason: str = ""

    @classmethod
    def new(cls, now: datetime) -> Breaker:
        """A closed breaker that has seen nothing."""
        return cls(BreakerState.CLOSED, now, now)


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state. `failure_rate` is the share of failures in the window looked at."""

    from_state: BreakerState
    to_state: BreakerState
    reason: str
    failure_rate: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A breaker after an event, and the transition if its state changed."""

    breaker: Breaker
    transition: Transition | None = None
    is_admitted: bool = False
