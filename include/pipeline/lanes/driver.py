"""How a lane that takes its time is driven, whatever it runs on.

A driver holds no state of its own: what a batch has running is found again by names made of the
batch's id and by the records in S3. A process that dies is followed by another that goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LaneProgress:
    """What a look at a lane found.

    Attributes:
        is_done: whether every shard has its output and what ran is recorded for the ledger.
        resource: the job or endpoint at work, for the log and the task's result.
        message: one line on where it stands, for the log.
        look_again_s: seconds after which there may be something new.
        is_timed: whether the driver decides under a deadline: it must be asked again by then, not
            later, and nothing that takes long may come between.
    """

    is_done: bool
    resource: str
    message: str
    look_again_s: float
    is_timed: bool = False


class LaneDriver(Protocol):
    """One batch on one lane."""

    def advance(self) -> LaneProgress:
        """Look, and do what is next: launch or adopt, run again what was lost, record what ran.

        Safe to call at any time and from any process, one at a time.

        Raises:
            JobFailed: the lane gave the batch up; another task attempt may start anew.
        """
        ...

    def stop(self) -> bool:
        """Stop whatever works for the batch; harmless when nothing does.

        What it has cost is recorded: until now, and where it has ended, until then.

        Returns:
            Whether nothing works any more; a job that was asked to stop takes its time.
        """
        ...
