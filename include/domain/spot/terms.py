"""What the spot policy is told and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from include.domain.spot.memory import SpotMemory


class Capacity(StrEnum):
    """What a job runs on, or is to run on."""

    SPOT = "spot"
    ON_DEMAND = "on_demand"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SpotTerms:
    """What stays the same while a job lives.

    Attributes:
        work_s: seconds of computation that the whole job needs, changeovers not included.
        deadline_s: seconds from the job's start to its deadline.
        changeover_s: seconds from asking for an instance to the first new progress on it, lost
            progress repeated included. Billed at the new instance's price, and paid at each start.
        price_ratio: price of on demand over price of spot, above 1.
        step_s: seconds between two decisions at most.
        worst_changeover_s: what a changeover may take at worst; 0 stands for `changeover_s`. The
            deadline is kept for this one.
        loss_s: progress that an interruption may cost beyond `changeover_s`, at worst: it covers
            the seconds between the interruption and the look that finds it.

    Raises:
        ValueError: a number out of its range.
    """

    work_s: float
    deadline_s: float
    changeover_s: float
    price_ratio: float
    step_s: float
    worst_changeover_s: float = 0.0
    loss_s: float = 0.0

    def __post_init__(self) -> None:
        lengths = (self.work_s, self.changeover_s, self.worst_changeover_s, self.loss_s)
        if min(lengths) < 0 or min(self.step_s, self.deadline_s) <= 0 or self.price_ratio < 1:
            raise ValueError(f"spot terms out of range: {self}")

    @property
    def safe_changeover_s(self) -> float:
        """The changeover that the deadline is kept for."""
        return max(self.changeover_s, self.worst_changeover_s)

    @property
    def is_feasible(self) -> bool:
        """Whether on demand alone, started at once, keeps the deadline."""
        return self.deadline_s >= self.work_s + self.safe_changeover_s


@dataclass(frozen=True, slots=True)
class SpotView:
    """What is known at one decision.

    Attributes:
        elapsed_s: seconds since the job's start.
        work_left_s: seconds of computation still to do, by the last checkpoint.
        running: what the job runs on now; `NONE` after an interruption.
        changeover_left_s: seconds until the running instance makes progress; 0 once it does.
        is_spot_available: whether a spot instance could be had now; true while one runs, None
            where it is not known (nothing is learned from it then, and spot is not asked for).
    """

    elapsed_s: float
    work_left_s: float
    running: Capacity
    changeover_left_s: float
    is_spot_available: bool | None


@dataclass(frozen=True, slots=True)
class SpotChoice:
    """The policy's answer.

    Attributes:
        capacity: what to run on until the next decision; `NONE` is to wait (or to be done).
        memory: to keep, and to hand in at the next decision.
        reason: one sentence for a person.
        act_by_s: seconds until the next decision is due at the latest, so that the deadline
            cannot be missed; never more than `step_s`.
    """

    capacity: Capacity
    memory: SpotMemory
    reason: str
    act_by_s: float
