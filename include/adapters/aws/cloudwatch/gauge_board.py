"""GaugeBoard on CloudWatch: metrics of our own namespace, which the dashboard reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from include.adapters.aws.errors import AwsError, explain
from include.domain.errors import MetricsUnavailable
from include.pipeline.money.gauges import COUNTS, Gauge

NAMESPACE = "Twolane"
"""The orchestrator's role may write to it, and to no other."""

_AT_ONCE = 1000
"""Metrics in one call, as CloudWatch has it."""


class CloudWatchGauges:
    """Publishes figures.

    Args:
        cloudwatch: client of `cloudwatch`.
    """

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch

    def publish(self, gauges: Sequence[Gauge], at: datetime) -> None:
        """See `GaugeBoard.publish`."""
        data = [_datum(gauge, at) for gauge in gauges]
        try:
            for first in range(0, len(data), _AT_ONCE):
                some = data[first : first + _AT_ONCE]
                self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=some)
        except AwsError as exc:
            raise MetricsUnavailable(f"metrics of {NAMESPACE}: {explain(exc)}") from exc


def _datum(gauge: Gauge, at: datetime) -> dict[str, Any]:
    return {
        "MetricName": gauge.name.value,
        "Dimensions": [{"Name": key, "Value": value} for key, value in gauge.dimensions.items()],
        "Timestamp": at,
        "Value": gauge.value,
        "Unit": "Count" if gauge.name in COUNTS else "None",
    }
