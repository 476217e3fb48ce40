"""Publish metrics and log lines to CloudWatch in the background; a job never waits for it."""

import collections
import dataclasses
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_aws.faults.registry import Faults
from local_aws.sagemaker.faults.stale_metrics import StaleMetrics
from local_aws.sagemaker.settings import Settings
from local_aws.sagemaker.telemetry.log_streams import LogLine, LogStreams

_LOG = logging.getLogger(__name__)
_FLUSH_S = 0.5
_MAX_QUEUED = 100_000
_MAX_METRICS_A_CALL = 500

Dimensions = tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Metric:
    """One metric datum: several values of one moment are published with their counts of one."""

    namespace: str
    name: str
    values: Sequence[float]
    unit: str
    dimensions: Dimensions
    at_s: float


class CloudWatch:
    """Queues what it is given and sends it from a thread of its own.

    When CloudWatch does not answer, metrics are dropped with a warning, and log lines are sent
    again at the next flush; when the queue is full, the oldest goes first.
    """

    def __init__(self, settings: Settings, faults: Faults) -> None:
        def client(service: str) -> Any:
            return boto3.client(  # type: ignore[call-overload]
                service,
                endpoint_url=settings.aws_endpoint_url,
                region_name=settings.region,
                aws_access_key_id=settings.client_environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=settings.client_environment["AWS_SECRET_ACCESS_KEY"],
                config=Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 1}),
            )

        self._stale = StaleMetrics(faults)
        self._metrics_client = client("cloudwatch")
        self._streams = LogStreams(client("logs"))
        self._metrics: collections.deque[Metric] = collections.deque(maxlen=_MAX_QUEUED)
        self._lines: collections.deque[LogLine] = collections.deque(maxlen=_MAX_QUEUED)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cloudwatch", daemon=True)
        self._thread.start()

    def put_metric(
        self,
        namespace: str,
        name: str,
        values: Sequence[float],
        unit: str,
        dimensions: Dimensions,
    ) -> None:
        """Queue one datum, stamped now."""
        fresh = self._stale.values(namespace, name, values, dimensions)
        if not fresh:
            return
        values = fresh
        self._metrics.append(Metric(namespace, name, values, unit, dimensions, time.time()))

    def put_line(self, group: str, stream: str, text: str) -> None:
        """Queue one log line, stamped now."""
        self._lines.append(LogLine(group, stream, text, time.time()))

    def close(self) -> None:
        """Send what is queued, for at most a few seconds."""
        self._closing.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._closing.wait(_FLUSH_S):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        try:
            self._send_metrics(_drained(self._metrics))
        except (BotoCoreError, ClientError) as error:
            _LOG.warning("CloudWatch did not take metrics: %s", error)
        except Exception:
            _LOG.exception("Unexpected error while publishing to CloudWatch")
        try:
            self._send_lines(_drained(self._lines))
        except Exception:
            _LOG.exception("Unexpected error while sending lines to CloudWatch Logs")

    def _send_metrics(self, metrics: list[Metric]) -> None:
        by_namespace: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
        for metric in metrics:
            by_namespace[metric.namespace].append(_datum(metric))
        for namespace, data in by_namespace.items():
            for start in range(0, len(data), _MAX_METRICS_A_CALL):
                chunk = data[start : start + _MAX_METRICS_A_CALL]
                self._metrics_client.put_metric_data(Namespace=namespace, MetricData=chunk)

    def _send_lines(self, lines: list[LogLine]) -> None:
        left = self._streams.send(lines)
        if not left:
            return
        _LOG.warning("CloudWatch Logs did not take %d lines; they are sent again", len(left))
        room = _MAX_QUEUED - len(self._lines)
        if room > 0:
            self._lines.extendleft(reversed(left[-room:]))


def _datum(metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    datum: dict[str, Any] = {
        "MetricName": metric.name,
        "Dimensions": dimensions,
        "Unit": metric.unit,
        "Timestamp": metric.at_s,
    }
    if len(metric.values) == 1:
        datum["Value"] = metric.values[0]
    else:
        datum["StatisticValues"] = {
            "SampleCount": len(metric.values),
            "Sum": sum(metric.values),
            "Minimum": min(metric.values),
            "Maximum": max(metric.values),
        }
    return datum


def _drained(queue: "collections.deque[Any]") -> list[Any]:
    items = []
    while queue:
        items.append(queue.popleft())
    return items
