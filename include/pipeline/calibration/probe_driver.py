"""A probe's driver: the lane's own, until the calibration's time is over."""

from __future__ import annotations

from collections.abc import Callable

from include.domain.errors import JobFailed
from include.pipeline.lanes.driver import LaneDriver, LaneProgress


class ProbeDriver:
    """Stops the probe when there is no time left for it.

    Args:
        ends_in_s: tells the seconds that are left.
    """

    def __init__(self, driver: LaneDriver, ends_in_s: Callable[[], float]) -> None:
        self._driver = driver
        self._ends_in_s = ends_in_s

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`.

        Raises:
            JobFailed: the lane gave the probe up, or its time was over and it was stopped.
        """
        progress = self._driver.advance()
        if not progress.is_done and self._ends_in_s() <= 0:
            self._driver.stop()
            raise JobFailed(f"{progress.resource}: the calibration's time was over; stopped")
        return progress

    def stop(self) -> None:
        """See `LaneDriver.stop`."""
        self._driver.stop()
