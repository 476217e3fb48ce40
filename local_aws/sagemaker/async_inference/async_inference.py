"""What all asynchronous endpoints share: their queues, and the metrics published of them."""

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from local_aws.sagemaker.async_inference.async_metrics import AsyncMetrics
from local_aws.sagemaker.async_inference.async_queue import AsyncQueues
from local_aws.sagemaker.concurrency import repeating
from local_aws.sagemaker.platform import Platform


class Watched(Protocol):
    """A fleet whose backlog is published."""

    @property
    def ready_count(self) -> int:
        """Instances that take requests."""


class AsyncInference:
    """Queues by endpoint, and who works on them."""

    def __init__(self, platform: Platform) -> None:
        self.queues = AsyncQueues(platform.settings.state_dir / "async_queue.sqlite")
        self.metrics = AsyncMetrics(platform.cloudwatch)
        self._fleets: dict[str, list[Watched]] = {}

    def watch(self, endpoint: str, fleet: Watched) -> None:
        """Count ``fleet`` into the endpoint's metrics."""
        self._fleets.setdefault(endpoint, []).append(fleet)

    def unwatch(self, endpoint: str, fleet: Watched) -> None:
        """Count it no longer; harmless when it was not."""
        remaining = [each for each in self._fleets.pop(endpoint, []) if each is not fleet]
        if remaining:
            self._fleets[endpoint] = remaining

    def publish(self) -> None:
        """Queue the metrics of this moment."""
        for endpoint, fleets in self._fleets.items():
            instance_count = sum(fleet.ready_count for fleet in fleets)
            self.metrics.publish_backlog(endpoint, self.queues.of(endpoint), instance_count)
        self.metrics.publish_requests()

    @contextlib.asynccontextmanager
    async def publishing(self, period_s: float) -> AsyncIterator[None]:
        """Publish each ``period_s`` until the block is left, and close the queues then."""
        try:
            async with repeating(period_s, self.publish):
                yield
        finally:
            self.metrics.publish_requests()
            self.queues.close()
