"""SIGTERM with notice: begin nothing new, use the notice for what is in hand, then end."""

from __future__ import annotations

import signal
from types import FrameType


class Terminated(Exception):
    """The notice is over; raised in the main thread wherever it stands."""


class TerminationNotice:
    """Listens for SIGTERM in the main thread, from `listen` on.

    EC2 gives a spot instance two minutes, and SageMaker gives a stopped training job as long;
    the last of them are kept for the upload of what has been done.

    Args:
        grace_s: seconds from the signal until `Terminated` is raised; 0 raises it at once.
    """

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._is_given = False

    def listen(self) -> None:
        """Install the handlers."""
        signal.signal(signal.SIGTERM, self._terminate)
        signal.signal(signal.SIGALRM, self._give_up)

    def is_given(self) -> bool:
        """Whether the signal has come."""
        return self._is_given

    def _terminate(self, number: int, frame: FrameType | None) -> None:
        if self._is_given:
            return
        self._is_given = True
        if self._grace_s <= 0:
            raise Terminated
        signal.setitimer(signal.ITIMER_REAL, self._grace_s)

    def _give_up(self, number: int, frame: FrameType | None) -> None:
        raise Terminated
