"""``AWS/SageMaker`` metrics of invocations, gathered in memory and published each period."""

import collections
import contextlib
from collections.abc import AsyncIterator

from local_aws.sagemaker.concurrency import repeating
from local_aws.sagemaker.telemetry.cloudwatch import CloudWatch, Dimensions

_NAMESPACE = "AWS/SageMaker"


class InvocationMetrics:
    """Counts and latencies by endpoint and variant."""

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch
        self._values: dict[tuple[Dimensions, str, str], list[float]] = collections.defaultdict(list)

    def record(self, endpoint: str, variant: str, status: int) -> None:
        """Count one invocation and what it came to."""
        dimensions: Dimensions = (("EndpointName", endpoint), ("VariantName", variant))
        for name, is_it in (
            ("Invocations", True),
            ("Invocation4XXErrors", 400 <= status < 500),
            ("Invocation5XXErrors", status >= 500),
        ):
            self._values[dimensions, name, "None"].append(float(is_it))

    def record_latency(
        self, endpoint: str, variant: str, model_s: float, overhead_s: float
    ) -> None:
        """Note the time in the container and the time around it."""
        dimensions: Dimensions = (("EndpointName", endpoint), ("VariantName", variant))
        self._values[dimensions, "ModelLatency", "Microseconds"].append(model_s * 1e6)
        self._values[dimensions, "OverheadLatency", "Microseconds"].append(overhead_s * 1e6)

    def publish(self) -> None:
        """Queue what has gathered."""
        values, self._values = self._values, collections.defaultdict(list)
        for (dimensions, name, unit), measured in values.items():
            self._cloudwatch.put_metric(_NAMESPACE, name, measured, unit, dimensions)

    @contextlib.asynccontextmanager
    async def publishing(self, period_s: float) -> AsyncIterator[None]:
        """Publish each ``period_s``, and once more when the block is left."""
        try:
            async with repeating(period_s, self.publish):
                yield
        finally:
            self.publish()
