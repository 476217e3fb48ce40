"""What a calibration asks of the world about memory, as a contract."""

from __future__ import annotations

from typing import Protocol

from include.domain.lanes import Lane
from include.pipeline.batch_objects.records import LaneRun


class LaneMemory(Protocol):
    """How much memory work on a lane took. In CloudWatch."""

    def peak_share(self, lane: Lane, run: LaneRun) -> float | None:
        """Return the most of its memory that an instance, or a GPU, had taken, 0 to 1.

        None where nothing is known of it: a metric that is missing says nothing.

        Raises:
            MetricsUnavailable: CloudWatch refuses.
        """
        ...
