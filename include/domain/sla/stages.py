"""The stages of a batch, when each was done, and which of them ate the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """What a batch goes through, in order."""

    PULL = "pull"
    VALIDATE = "validate"
    ROUTE = "route"
    LANE = "lane"
    COLLECT = "collect"
    LOAD = "load"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Timeline:
    """When each stage of a batch was done.

    Attributes:
        submitted_at: where the first stage begins: the wait for its start is part of it.
        done_at: of the stages that are done; one that was done again counts by its last end.
        expected_s: seconds that a stage was expected to take, where more than an instant.
    """

    submitted_at: datetime
    done_at: Mapping[Stage, datetime]
    expected_s: Mapping[Stage, float] = field(default_factory=dict)

    @property
    def stage(self) -> Stage:
        """The first stage that is not done."""
        return next((stage for stage in Stage if stage not in self.done_at), Stage.CLOSE)

    def began_at(self, stage: Stage) -> datetime:
        """Return when the stages before were done."""
        before = list(Stage)[: list(Stage).index(stage)]
        ends = [self.done_at[each] for each in before if each in self.done_at]
        return max(ends, default=self.submitted_at)

    def seconds(self, until: datetime) -> dict[Stage, float]:
        """Return the seconds of each stage up to a moment; the stage at work takes what is left."""
        found = {}
        current = self.stage
        for stage in Stage:
            end = min(self.done_at.get(stage, until), until)
            found[stage] = max(0.0, (end - self.began_at(stage)).total_seconds())
            if stage is current:
                break
        return found

    def eaten_by(self, until: datetime) -> Stage:
        """Return the stage that took most beyond what was expected of it."""
        took = self.seconds(until)
        return max(took, key=lambda stage: took[stage] - self.expected_s.get(stage, 0.0))
