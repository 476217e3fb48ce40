"""A request that was too long in the queue is failed without being asked of a container."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local_aws.sagemaker.async_inference.async_delivery import Delivery
from local_aws.sagemaker.async_inference.async_metrics import AsyncMetrics
from local_aws.sagemaker.async_inference.async_notifications import Notifier
from local_aws.sagemaker.async_inference.async_queue import AsyncRequest, Ticket


class Uploads:
    """S3 that keeps what is uploaded."""

    def __init__(self) -> None:
        self.objects: dict[str, str] = {}

    async def upload(self, path: Path, uri: str) -> None:
        self.objects[uri] = path.read_text()


class Published:
    """CloudWatch that keeps sums by metric."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}

    def put_metric(self, namespace: str, name: str, values: list[float], *_: Any) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + sum(values)


def test_a_request_past_its_ttl_is_expired(tmp_path: Path) -> None:
    s3, cloudwatch = Uploads(), Published()
    platform: Any = SimpleNamespace(s3=s3)
    spec: Any = SimpleNamespace(folder=tmp_path, dimensions=(("EndpointName", "e"),))
    metrics = AsyncMetrics(cloudwatch)  # type: ignore[arg-type]
    received_s = time.time() - 61
    request = AsyncRequest("e", "r", "s3://b/in", "s3://b/out", "s3://b/f", {}, received_s, 60, 60)
    no_server: Any = None

    async def work() -> None:
        delivery = Delivery(platform, spec, metrics, Notifier(platform))
        await delivery.deliver(Ticket(1, request), no_server)

    asyncio.run(work())
    metrics.publish_requests()

    assert list(s3.objects) == ["s3://b/f"]
    assert "over its RequestTTLSeconds of 60" in s3.objects["s3://b/f"]
    assert cloudwatch.sums["ExpiredRequests"] == 1
    assert cloudwatch.sums["InvocationFailures"] == 1
    assert cloudwatch.sums["TimeInBacklog"] >= 61_000
