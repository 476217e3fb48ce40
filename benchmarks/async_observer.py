"""An asynchronous endpoint as CloudWatch alone shows it: backlog, instances, what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Period:
    """One period of an endpoint's metrics.

    Attributes:
        at_s: its start, epoch seconds.
        backlog: requests waiting or in work; None where the period has no datum.
        instances: see `EndpointObserver.periods`.
        has_backlog_without_capacity: whether requests waited without an instance.
        answered: requests processed in the period.
    """

    at_s: int
    backlog: float | None
    instances: int
    has_backlog_without_capacity: bool
    answered: int


class EndpointObserver:
    """Reads the metrics of one endpoint; asks SageMaker nothing.

    Args:
        cloudwatch: client of `cloudwatch`.
        period_s: the metrics' period, whole seconds.
    """

    def __init__(self, cloudwatch: Any, endpoint: str, variant: str, period_s: int) -> None:
        self._cloudwatch = cloudwatch
        self._period_s = period_s
        self._queue = {"EndpointName": endpoint}
        self._variant = {"EndpointName": endpoint, "VariantName": variant}

    def total(self, name: str, start_s: float, end_s: float) -> int:
        """Return the sum of a variant's metric."""
        values = self._values("AWS/SageMaker", name, self._variant, "Sum", start_s, end_s)
        return round(sum(values.values()))

    def periods(self, start_s: float, end_s: float) -> list[Period]:
        """Return the whole periods of the time.

        Instances follow from the metrics: backlog divided by backlog per instance; with nothing
        in the queue, the samples of CPUUtilization, of which each instance gives one a period;
        and none where the backlog per instance has no datum while the backlog has one.
        """
        queue = {
            name: self._values("AWS/SageMaker", name, self._queue, "Average", start_s, end_s)
            for name in ("ApproximateBacklogSize", "ApproximateBacklogSizePerInstance")
        }
        stranded = self._values(
            "AWS/SageMaker", "HasBacklogWithoutCapacity", self._queue, "Maximum", start_s, end_s
        )
        answered = self._values(
            "AWS/SageMaker", "InvocationsProcessed", self._variant, "Sum", start_s, end_s
        )
        samples = self._values(
            "/aws/sagemaker/Endpoints",
            "CPUUtilization",
            self._variant,
            "SampleCount",
            start_s,
            end_s,
        )
        first = int(start_s // self._period_s) * self._period_s
        periods = []
        for at_s in range(first, int(end_s // self._period_s) * self._period_s, self._period_s):
            backlog = queue["ApproximateBacklogSize"].get(at_s)
            each = queue["ApproximateBacklogSizePerInstance"].get(at_s)
            periods.append(
                Period(
                    at_s,
                    backlog,
                    _instances(backlog, each, samples.get(at_s, 0.0)),
                    stranded.get(at_s, 0.0) >= 1,
                    round(answered.get(at_s, 0.0)),
                )
            )
        return periods

    def _values(
        self,
        namespace: str,
        name: str,
        dimensions: dict[str, str],
        statistic: str,
        start_s: float,
        end_s: float,
    ) -> dict[int, float]:
        first = int(start_s // self._period_s) * self._period_s
        answer = self._cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=datetime.fromtimestamp(first, UTC),
            EndTime=datetime.fromtimestamp(end_s, UTC),
            Period=self._period_s,
            Statistics=[statistic],
        )
        points = answer["Datapoints"]
        return {int(point["Timestamp"].timestamp()): point[statistic] for point in points}


def _instances(backlog: float | None, each: float | None, samples: float) -> int:
    if each is None:
        return 0
    if backlog and each > 0:
        return round(backlog / each)
    return max(1, round(samples))
