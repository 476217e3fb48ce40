"""LaneMemory on CloudWatch, as SageMaker emits it: once a minute, in percent.

`MemoryUtilization` is of an instance, `GPUMemoryUtilization` the sum over its GPUs, 0 to 100 for
each. Of a job the dimension is Host, `<job>/algo-<n>`, of a transform job `<job>/<instance id>`; of
an endpoint EndpointName and VariantName. Source: AWS, "Amazon SageMaker AI metrics in Amazon
CloudWatch".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import VARIANT
from include.domain.errors import MetricsUnavailable
from include.domain.gpus.instances import per_gpu
from include.domain.lanes import Lane
from include.pipeline.batch_objects.records import LaneRun

_JOBS = {
    Lane.PROCESSING: "/aws/sagemaker/ProcessingJobs",
    Lane.TRANSFORM: "/aws/sagemaker/TransformJobs",
    Lane.SPOT: "/aws/sagemaker/TrainingJobs",
}
_ENDPOINTS = "/aws/sagemaker/Endpoints"
_MINUTE = timedelta(minutes=1)

MAX_POINTS = 1_440
"""CloudWatch refuses a request for more (Amazon CloudWatch API Reference, GetMetricStatistics)."""


class CloudWatchLaneMemory:
    """Reads the memory metrics of jobs and endpoints.

    Args:
        cloudwatch: client of `cloudwatch`.
    """

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch

    def peak_share(self, lane: Lane, run: LaneRun) -> float | None:
        """See `LaneMemory.peak_share`."""
        try:
            found = list(self._shares(lane, run))
        except AwsError as exc:
            raise MetricsUnavailable(f"memory of {run.resource_id}: {explain(exc)}") from exc
        return max(found, default=None)

    def _shares(self, lane: Lane, run: LaneRun) -> Iterator[float]:
        namespace = _JOBS.get(lane, _ENDPOINTS)
        for dimensions in self._of(lane, namespace, run.resource_id):
            percent = self._peak(namespace, "MemoryUtilization", dimensions, run)
            if percent is not None:
                yield percent / 100
            percent = self._peak(namespace, "GPUMemoryUtilization", dimensions, run)
            share = None if percent is None else per_gpu(percent, run.instance_type)
            if share is not None:
                yield share

    def _of(self, lane: Lane, namespace: str, resource_id: str) -> Iterator[Mapping[str, str]]:
        if lane not in _JOBS:
            yield {"EndpointName": resource_id, "VariantName": VARIANT}
        elif lane is not Lane.TRANSFORM:
            yield {"Host": f"{resource_id}/algo-1"}
        else:  # an instance's id is in no description
            pages = self._cloudwatch.get_paginator("list_metrics").paginate(
                Namespace=namespace,
                MetricName="MemoryUtilization",
                Dimensions=[{"Name": "Host"}],
                RecentlyActive="PT3H",
            )
            for metric in (each for page in pages for each in page["Metrics"]):
                for dimension in metric["Dimensions"]:
                    if dimension["Value"].startswith(f"{resource_id}/"):
                        yield {"Host": dimension["Value"]}

    def _peak(
        self, namespace: str, name: str, dimensions: Mapping[str, str], run: LaneRun
    ) -> float | None:
        start, end = run.started_at - _MINUTE, run.ended_at + _MINUTE
        answer = self._cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=start,
            EndTime=end,
            Period=_period_s(end - start),
            Statistics=["Maximum"],
        )
        return max((float(point["Maximum"]) for point in answer["Datapoints"]), default=None)


def _period_s(time: timedelta) -> int:
    """Return whole minutes, in seconds, so long that the points of a time are not too many.

    The highest of a longer period is no lower. One point more is counted: CloudWatch takes the
    start of the first.
    """
    minutes = math.ceil(time / _MINUTE) + 1
    return 60 * math.ceil(minutes / MAX_POINTS)
