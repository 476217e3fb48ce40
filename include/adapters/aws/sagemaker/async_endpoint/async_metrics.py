"""What CloudWatch knows of an asynchronous endpoint; its metrics are of whole minutes, and late."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import VARIANT
from include.domain.errors import EndpointUnavailable

_MINUTE_S = 60
_DAY_S = 86_400
_LOOK_BACK_S = 1_800
_QUIET_MINUTES = 2


class EndpointMetrics:
    """Reads the metrics of endpoints.

    Args:
        cloudwatch: client of `cloudwatch`.
    """

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch

    def answered_count(self, endpoint_name: str, since: datetime, until: datetime) -> int:
        """Return `InvocationsProcessed` of the time, in whole minutes around it.

        Raises:
            EndpointUnavailable: CloudWatch refuses.
        """
        start_s = math.floor(since.timestamp() / _MINUTE_S) * _MINUTE_S
        end_s = math.ceil(until.timestamp() / _MINUTE_S) * _MINUTE_S
        # As few data as can be: CloudWatch gives 1,440 at the most, of a day at the most.
        period_s = min(max(_MINUTE_S, end_s - start_s), _DAY_S)
        dimensions = {"EndpointName": endpoint_name, "VariantName": VARIANT}
        found = self._read("InvocationsProcessed", dimensions, "Sum", start_s, end_s, period_s)
        return sum(round(value) for value in found.values())

    def idle_since(self, endpoint_name: str, now: datetime) -> datetime | None:
        """Return since when `ApproximateBacklogSize` is 0; None where it is not, or not known.

        Raises:
            EndpointUnavailable: CloudWatch refuses.
        """
        end_s = math.floor(now.timestamp() / _MINUTE_S) * _MINUTE_S
        found = self._read(
            "ApproximateBacklogSize",
            {"EndpointName": endpoint_name},
            "Maximum",
            end_s - _LOOK_BACK_S,
            end_s,
            _MINUTE_S,
        )
        newest_s = max(found, default=0)
        if newest_s < end_s - _QUIET_MINUTES * _MINUTE_S:
            return None
        first_s = newest_s
        while found.get(first_s) == 0:
            first_s -= _MINUTE_S
        first_s += _MINUTE_S
        quiet = (newest_s - first_s) // _MINUTE_S + 1
        return datetime.fromtimestamp(first_s, UTC) if quiet >= _QUIET_MINUTES else None

    def _read(
        self,
        name: str,
        dimensions: dict[str, str],
        statistic: str,
        start_s: int,
        end_s: int,
        period_s: int,
    ) -> dict[int, float]:
        try:
            answer = self._cloudwatch.get_metric_statistics(
                Namespace="AWS/SageMaker",
                MetricName=name,
                Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
                StartTime=datetime.fromtimestamp(start_s, UTC),
                EndTime=datetime.fromtimestamp(end_s, UTC),
                Period=period_s,
                Statistics=[statistic],
            )
        except AwsError as exc:
            endpoint_name = dimensions["EndpointName"]
            raise EndpointUnavailable(f"metrics of {endpoint_name}: {explain(exc)}") from exc
        points = answer["Datapoints"]
        return {int(point["Timestamp"].timestamp()): float(point[statistic]) for point in points}
