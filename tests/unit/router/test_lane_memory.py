"""How much memory a probe took, however long it ran."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.adapters.aws.cloudwatch.lane_memory import MAX_POINTS, CloudWatchLaneMemory
from include.domain.lanes import Lane
from include.pipeline.batch_objects.records import LaneRun

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class CloudWatch:
    """Refuses as CloudWatch does; the memory rises to `percent` in the last minute."""

    def __init__(self, percent: float) -> None:
        self.percent = percent
        self.points = 0

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:
        seconds = (asked["EndTime"] - asked["StartTime"]).total_seconds()
        assert asked["Period"] % 60 == 0
        self.points = int(seconds // asked["Period"]) + 1
        assert self.points <= MAX_POINTS
        is_own = asked["MetricName"] == "MemoryUtilization"
        return {"Datapoints": [{"Maximum": self.percent}] if is_own else []}


@pytest.mark.parametrize("hours", [0.1, 23.9, 24, 25, 24 * 28])
def test_a_long_run_is_asked_for_in_longer_periods(hours: float) -> None:
    cloudwatch = CloudWatch(62.0)
    run = LaneRun("job", "ml.g4dn.xlarge", 1, NOW, NOW + timedelta(hours=hours))
    assert CloudWatchLaneMemory(cloudwatch).peak_share(Lane.SPOT, run) == pytest.approx(0.62)
    assert cloudwatch.points > min(6, MAX_POINTS / 2)
