"""A probe's driver: the lane's own, until the calibration's time is over."""

from __future__ import annotations

from collections.abc import Callable

from include.domain.curves.calibration import TIME_OVER
from include.domain.errors import JobFailed
from include.pipeline.lanes.driver import LaneDriver, LaneProgress

STOP_S = 600.0
"""Seconds that what was stopped is waited for: its end says what it has cost. SageMaker gives a
container two minutes after SIGTERM, and then uploads what it left."""

LOOK_AGAIN_S = 2.0
"""Seconds between two looks at what is being stopped."""


class ProbeDriver:
    """Stops the probe when there is no time left for it, and waits until it has ended.

    Args:
        ends_in_s: tells the seconds that are left; below zero, those since the time was over.
    """

    def __init__(self, driver: LaneDriver, ends_in_s: Callable[[], float]) -> None:
        self._driver = driver
        self._ends_in_s = ends_in_s
        self._stopped: str | None = None

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`.

        Raises:
            JobFailed: the lane gave the probe up, or its time was over and it was stopped.
        """
        if self._stopped is None:
            progress = self._driver.advance()
            if progress.is_done or self._ends_in_s() > 0:
                return progress
            self._stopped = progress.resource
        if self._driver.stop() or self._ends_in_s() < -STOP_S:
            raise JobFailed(f"{self._stopped}: {TIME_OVER}; stopped")
        message = f"the calibration's time is over; waiting for the end of {self._stopped}"
        return LaneProgress(False, self._stopped, message, LOOK_AGAIN_S)

    def stop(self) -> bool:
        """See `LaneDriver.stop`."""
        return self._driver.stop()
