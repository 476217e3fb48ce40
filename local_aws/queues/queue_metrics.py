"""``AWS/SQS`` metrics, published each period as SQS publishes them each minute."""

import asyncio
import contextlib
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

from local_aws.queues.measures import measures
from local_aws.sagemaker.concurrency import repeating
from local_aws.sagemaker.telemetry.cloudwatch import CloudWatch

_LOG = logging.getLogger(__name__)
_NAMESPACE = "AWS/SQS"
_TIMEOUT_S = 10.0


class QueueMetrics:
    """Measures every queue of one account and region of MiniStack.

    Args:
        aws_url: MiniStack's address; its own listing shows messages without receiving them.
    """

    def __init__(self, cloudwatch: CloudWatch, aws_url: str, account: str, region: str) -> None:
        self._cloudwatch = cloudwatch
        self._listing = f"{aws_url}/_ministack/sqs/messages?account={account}&region={region}"
        self._account, self._region = account, region

    def publish(self) -> None:
        """Queue each queue's measures; nothing where the emulator does not answer."""
        try:
            with urllib.request.urlopen(self._listing, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                listed = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError) as error:
            _LOG.warning("queues could not be measured: %s", error)
            return
        queues: dict[str, list[dict[str, Any]]] = (
            listed["messages"].get(self._account, {}).get(self._region, {})
        )
        now_s = time.time()
        for url, messages in queues.items():
            dimensions = (("QueueName", url.rsplit("/", 1)[1]),)
            for each in measures(messages, now_s):
                self._cloudwatch.put_metric(
                    _NAMESPACE, each.name, [each.value], each.unit, dimensions
                )

    @contextlib.asynccontextmanager
    async def publishing(self, period_s: float) -> AsyncIterator[None]:
        """Publish each ``period_s`` until the block is left."""
        async with repeating(period_s, lambda: asyncio.to_thread(self.publish)):
            yield
