"""``AWS/SageMaker`` metrics of asynchronous endpoints, under AWS's names, units and dimensions.

The backlog's metrics have the dimension EndpointName; those of requests have EndpointName and
VariantName. Source: "Monitor asynchronous endpoint", Amazon SageMaker Developer Guide.
"""

import collections
import time

from local_aws.sagemaker.async_inference.async_queue import AsyncQueue
from local_aws.sagemaker.telemetry.cloudwatch import CloudWatch, Dimensions

_NAMESPACE = "AWS/SageMaker"


class AsyncMetrics:
    """Gathers what requests came to, and publishes it each period."""

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch
        self._values: dict[tuple[Dimensions, str, str], list[float]] = collections.defaultdict(list)

    def add(self, dimensions: Dimensions, name: str, value: float, unit: str = "None") -> None:
        """Note one value of a request's metric."""
        self._values[dimensions, name, unit].append(value)

    def count(self, dimensions: Dimensions, name: str, times: int = 1) -> None:
        """Count an event; 0 says that it did not happen."""
        self.add(dimensions, name, float(times), "Count")

    def publish_requests(self) -> None:
        """Queue what has gathered of requests."""
        values, self._values = self._values, collections.defaultdict(list)
        for (dimensions, name, unit), measured in values.items():
            self._cloudwatch.put_metric(_NAMESPACE, name, measured, unit, dimensions)

    def publish_backlog(self, endpoint: str, queue: AsyncQueue, instance_count: int) -> None:
        """Queue the state of one endpoint's backlog.

        Without instances there is no backlog per instance: the metric then has no datum, which
        is why target tracking alone never wakes an endpoint from zero.
        """
        dimensions: Dimensions = (("EndpointName", endpoint),)
        backlog, oldest_s = queue.backlog, queue.oldest_received_s()
        age_s = 0.0 if oldest_s is None else max(0.0, time.time() - oldest_s)
        is_stranded = backlog > 0 and instance_count == 0
        values = {
            "ApproximateBacklogSize": (float(backlog), "Count"),
            "ApproximateAgeOfOldestRequest": (age_s, "Seconds"),
            "HasBacklogWithoutCapacity": (float(is_stranded), "Count"),
        }
        if instance_count > 0:
            values["ApproximateBacklogSizePerInstance"] = (backlog / instance_count, "Count")
        for name, (value, unit) in values.items():
            self._cloudwatch.put_metric(_NAMESPACE, name, [value], unit, dimensions)
