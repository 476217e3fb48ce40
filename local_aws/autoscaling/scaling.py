"""How much capacity a policy asks for: pure arithmetic, as AWS documents it."""

import math
from collections.abc import Mapping
from typing import Any


def step_capacity(config: Mapping[str, Any], current: int, breach: float) -> int | None:
    """The capacity a step scaling policy asks for, or None where no step covers the breach.

    Args:
        config: StepScalingPolicyConfiguration.
        breach: the metric minus the alarm's threshold.
    """
    for step in config.get("StepAdjustments", ()):
        low = step.get("MetricIntervalLowerBound", -math.inf)
        high = step.get("MetricIntervalUpperBound", math.inf)
        # The bound nearer to the threshold is inclusive, the farther one exclusive.
        covers = low <= breach < high if breach >= 0 else low < breach <= high
        if covers:
            return _adjusted(config, current, step["ScalingAdjustment"])
    return None


def _adjusted(config: Mapping[str, Any], current: int, adjustment: int) -> int:
    match config["AdjustmentType"]:
        case "ExactCapacity":
            return adjustment
        case "PercentChangeInCapacity":
            change = current * adjustment / 100
            # Toward zero, except that less than one counts as one.
            rounded = int(change) if abs(change) >= 1 else math.ceil(abs(change))
            size = max(abs(rounded), config.get("MinAdjustmentMagnitude", 0))
            return current + int(math.copysign(size, adjustment))
        case _:
            return current + adjustment


def tracking_capacity(target_value: float, metric: float, current: int) -> int:
    """The capacity at which a metric that falls with capacity would stand at its target."""
    return math.ceil(current * metric / target_value)


def bounded(capacity: int, low: int, high: int) -> int:
    """``capacity`` within a scalable target's limits."""
    return min(max(capacity, low), high)
