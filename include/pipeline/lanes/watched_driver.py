"""A lane's driver whose ends are told to the lane's circuit breaker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from include.domain.lanes import Lane
from include.pipeline.lanes.driver import LaneDriver, LaneProgress
from include.pipeline.lanes.health import LaneWatch


class WatchedDriver:
    """A lane's driver whose ends are reported. Use as the `LaneDriver` it wraps."""

    def __init__(
        self,
        driver: LaneDriver,
        watch: LaneWatch,
        *,
        lane: Lane,
        batch_id: str,
        started_at: Callable[[], datetime],
    ) -> None:
        """Wrap `driver`; `started_at` is asked, once it is done, when the lane's work began."""
        self._driver = driver
        self._watch = watch
        self._lane = lane
        self._batch_id = batch_id
        self._started_at = started_at

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`."""
        with self._watch.reporting(self._lane, self._batch_id):
            progress = self._driver.advance()
        if progress.is_done:
            started_at = self._started_at()
            self._watch.succeeded(
                self._lane, self._batch_id, progress.resource, started_at=started_at
            )
        return progress

    def stop(self) -> bool:
        """See `LaneDriver.stop`."""
        return self._driver.stop()
