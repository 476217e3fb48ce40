"""What a person should hear of: one alert, and what makes two of them the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """What has happened. The value is stored and named in the alerts file."""

    DEADLINE_RISK = "deadline_risk"
    DEADLINE_MISSED = "deadline_missed"
    DEAD_LETTERS = "dead_letters"
    QUEUE_DEPTH = "queue_depth"
    QUEUE_AGE = "queue_age"
    BREAKER_OPENED = "breaker_opened"
    BUDGET = "budget"
    DRIFT = "drift"
    IDLE_GPU = "idle_gpu"
    ORPHAN = "orphan"
    CURVE_MOVED = "curve_moved"
    RUN_LATE = "run_late"
    RUN_FAILED = "run_failed"
    WEEK_SHORT = "week_short"
    CHAMPION_RETURNED = "champion_returned"
    CHAMPION_UNSETTLED = "champion_unsettled"
    COMPARISON_ENDED = "comparison_ended"
    RELEASE_WAITING = "release_waiting"
    RELEASE_STOPPED = "release_stopped"
    DRIFT_UNREAD = "drift_unread"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to tell a person once, however often it is seen.

    Attributes:
        kind: what has happened.
        subject: to what: a batch's id, an account and a day, a resource; of a late or a
            failed run its DAG, of a release its run. Two alerts of one kind and subject are the
            same while the thing goes on.
        title: one line.
        detail: what was seen, with its figures and units.
        next_step: what a person can do about it.
        at: when it was seen.
        batch_id: the batch it is about; None where it is about no batch.
    """

    kind: AlertKind
    subject: str
    title: str
    detail: str
    next_step: str
    at: datetime
    batch_id: str | None = None

    def __post_init__(self) -> None:
        if not self.subject or not self.title or not self.next_step:
            raise ValueError(f"an alert needs a subject, a title and a next step: {self}")
        if "\n" in self.title:
            raise ValueError(f"an alert's title is one line: {self.title!r}")
        if self.at.tzinfo is None:
            raise ValueError(f"an alert's time needs a time zone: {self.at}")
