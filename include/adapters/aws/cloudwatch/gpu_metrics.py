"""What CloudWatch knows of instances with GPUs.

`GPUUtilization` is the sum over an instance's GPUs, 0 to 100 for each, once a minute. Of an
endpoint it has the dimensions EndpointName and VariantName, of a job Host: `<job>/algo-<n>`, of a
transform job `<job>/<instance id>`. Source: AWS, "Amazon SageMaker AI metrics in Amazon
CloudWatch".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from include.adapters.aws.errors import AwsError, explain
from include.domain.errors import EndpointUnavailable
from include.domain.gpus.idleness import IdlePolicy, Point, Readings
from include.domain.gpus.instances import per_gpu
from include.domain.gpus.resources import HeldInstances, ResourceKind

_NAMESPACES = {
    ResourceKind.TRANSFORM_JOB: "/aws/sagemaker/TransformJobs",
    ResourceKind.TRAINING_JOB: "/aws/sagemaker/TrainingJobs",
    ResourceKind.PROCESSING_JOB: "/aws/sagemaker/ProcessingJobs",
}
_ENDPOINTS = "/aws/sagemaker/Endpoints"
_REQUESTS = "AWS/SageMaker"
_METRIC = "GPUUtilization"


class CloudWatchGpuMetrics:
    """`GpuMetrics` on CloudWatch.

    Args:
        cloudwatch: client of `cloudwatch`.
        variant: name of our endpoints' one variant.
    """

    def __init__(self, cloudwatch: Any, variant: str = "all") -> None:
        self._cloudwatch = cloudwatch
        self._variant = variant

    def readings(self, resource: HeldInstances, policy: IdlePolicy, now: datetime) -> Readings:
        """See `GpuMetrics.readings`."""
        try:
            if resource.kind.is_job:
                return Readings(self._of_job(resource, policy, now))
            return self._of_endpoint(resource, policy, now)
        except AwsError as exc:
            raise EndpointUnavailable(f"metrics of {resource.resource_id}: {explain(exc)}") from exc

    def _of_endpoint(self, resource: HeldInstances, policy: IdlePolicy, now: datetime) -> Readings:
        name = resource.resource_id
        endpoint = {"EndpointName": name}
        variant = {**endpoint, "VariantName": self._variant}
        used = self._read(_ENDPOINTS, _METRIC, variant, policy, now)
        utilisation = _normalised(used, resource.instance_type)
        if resource.kind is ResourceKind.ASYNC_ENDPOINT:
            backlog = self._read(_REQUESTS, "ApproximateBacklogSize", endpoint, policy, now)
            return Readings(utilisation, backlog=backlog)
        calls = self._read(_REQUESTS, "Invocations", variant, policy, now, statistic="Sum")
        return Readings(utilisation, invocations=sum(point.mean for point in calls))

    def _of_job(
        self, resource: HeldInstances, policy: IdlePolicy, now: datetime
    ) -> Sequence[Point]:
        """Return the hosts' metric as one; a period that one of them lacks is missing."""
        namespace = _NAMESPACES[resource.kind]
        hosts = list(self._hosts(namespace, resource))
        if len(hosts) < resource.instances:
            return []
        series = [
            self._read(namespace, _METRIC, {"Host": host}, policy, now) for host in sorted(hosts)
        ]
        by_start: dict[datetime, list[Point]] = {}
        for point in (each for one in series for each in one):
            by_start.setdefault(point.start, []).append(point)
        together = [
            Point(start, sum(p.mean for p in points) / len(points), max(p.peak for p in points))
            for start, points in sorted(by_start.items())
            if len(points) == len(hosts)
        ]
        return _normalised(together, resource.instance_type)

    def _hosts(self, namespace: str, resource: HeldInstances) -> Iterator[str]:
        if resource.kind is not ResourceKind.TRANSFORM_JOB:
            for number in range(1, resource.instances + 1):
                yield f"{resource.resource_id}/algo-{number}"
            return
        # An instance's id is in no description; a metric is listed some minutes after its birth.
        pages = self._cloudwatch.get_paginator("list_metrics").paginate(
            Namespace=namespace,
            MetricName=_METRIC,
            Dimensions=[{"Name": "Host"}],
            RecentlyActive="PT3H",
        )
        for metric in (each for page in pages for each in page["Metrics"]):
            for dimension in metric["Dimensions"]:
                if dimension["Value"].startswith(f"{resource.resource_id}/"):
                    yield dimension["Value"]

    def _read(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        policy: IdlePolicy,
        now: datetime,
        statistic: str = "Average",
    ) -> Sequence[Point]:
        """Return a metric of whole periods, in order; a period without a datum is left out."""
        period_s = math.ceil(policy.period_s)
        end_s = math.floor(now.timestamp() / period_s) * period_s
        answer = self._cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=datetime.fromtimestamp(end_s - policy.look_back_s, UTC),
            EndTime=datetime.fromtimestamp(end_s, UTC),
            Period=period_s,
            Statistics=[statistic, "Maximum"],
        )
        points = (
            Point(each["Timestamp"].astimezone(UTC), each[statistic], each["Maximum"])
            for each in answer["Datapoints"]
        )
        return sorted(points, key=lambda point: point.start)


def _normalised(points: Sequence[Point], instance_type: str) -> Sequence[Point]:
    """Return shares of one GPU's time; none where the type's GPUs are not known."""
    shares = (
        (point.start, per_gpu(point.mean, instance_type), per_gpu(point.peak, instance_type))
        for point in points
    )
    return [
        Point(start, mean, peak)
        for start, mean, peak in shares
        if mean is not None and peak is not None
    ]
