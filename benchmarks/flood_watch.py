"""Watching a flood from outside: its batches in Aurora, its queue in SQS and CloudWatch."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from stack.figures import aws_client

if TYPE_CHECKING:
    from benchmarks.flood import Options

LOOK_S = 2.0
QUEUE = os.environ.get("TWOLANE_BULK_QUEUE", "twolane-bulk")

_BATCHES = """
SELECT
    q.batch_uri,
    q.state,
    q.runs,
    b.lane,
    b.state AS batch_state,
    extract(epoch FROM q.received_at - b.submitted_at)::double precision AS wait_s,
    extract(epoch FROM b.closed_at - b.submitted_at)::double precision AS took_s
FROM queued_batches AS q
LEFT JOIN batches AS b ON b.account_id = q.account_id AND b.submission_key = q.submission_key
WHERE starts_with(q.batch_uri, %s) AND q.received_at >= %s
"""


def demo_run_id(batch_uri: str, timeout_s: float) -> str:
    """Return the run that the express queue asked for. Raises `TimeoutError`."""
    deadline = time.monotonic() + timeout_s
    with psycopg.connect(os.environ["TWOLANE_DATABASE_URL"], autocommit=True) as connection:
        while time.monotonic() < deadline:
            found = connection.execute(
                "SELECT run_id FROM queued_batches WHERE batch_uri = %s", [batch_uri]
            ).fetchone()
            if found and found[0]:
                return str(found[0])
            time.sleep(0.02)
    raise TimeoutError(f"{batch_uri} was not taken from its queue in {timeout_s:g} s")


class FloodWatch:
    """Follows the batches below a prefix.

    Args:
        prefix: of their URIs.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._since = datetime.now(UTC)
        self._started = time.monotonic()
        self._sqs = aws_client("sqs", dict(os.environ))
        self._cloudwatch = aws_client("cloudwatch", dict(os.environ))
        self._depths: list[dict[str, float]] = []
        self._most_running = 0
        self._ended = self._started

    def follow(self, count: int, *, deadline: float) -> None:
        """Return once so many batches have committed, or the time is up."""
        while time.monotonic() < deadline:
            rows = self._rows()
            running = sum(row["state"] == "running" for row in rows)
            self._most_running = max(self._most_running, running)
            committed = sum(row["state"] == "committed" for row in rows)
            self._depths.append(
                {
                    "at_s": round(time.monotonic() - self._started, 1),
                    "running": running,
                    "committed": committed,
                    **self._depth(QUEUE),
                }
            )
            self._ended = time.monotonic()
            if committed >= count:
                return
            time.sleep(LOOK_S)

    def report(self, options: Options, uploaded_s: float) -> dict[str, Any]:
        """Return what became of the flood."""
        rows = self._rows()
        committed = [row for row in rows if row["state"] == "committed"]
        waits = sorted(row["wait_s"] for row in committed)
        took = sorted(row["took_s"] for row in committed)
        return {
            "batches": options.batches,
            "documents": options.batches * options.documents,
            "committed": len(committed),
            "run_again": sum(row["runs"] > 1 for row in rows),
            "dead_letters": sum(row["state"] == "refused" for row in rows),
            "lanes": sorted({str(row["lane"]) for row in committed}),
            "uploaded_in_s": round(uploaded_s, 1),
            "took_s": round(self._ended - self._started, 1),
            "documents_per_s": round(
                len(committed) * options.documents / (self._ended - self._started), 1
            ),
            "median_wait_s": round(waits[len(waits) // 2], 1) if waits else None,
            "longest_wait_s": round(waits[-1], 1) if waits else None,
            "median_batch_s": round(took[len(took) // 2], 1) if took else None,
            "longest_batch_s": round(took[-1], 1) if took else None,
            "most_running": self._most_running,
            "cloudwatch": {
                name: self._maximum(name)
                for name in (
                    "ApproximateNumberOfMessagesVisible",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateAgeOfOldestMessage",
                )
            },
            "queue": self._depths,
        }

    def _rows(self) -> list[dict[str, Any]]:
        url = os.environ["TWOLANE_DATABASE_URL"]
        with psycopg.connect(url, row_factory=dict_row) as connection:
            return connection.execute(_BATCHES, [self._prefix, self._since]).fetchall()

    def _depth(self, name: str) -> dict[str, float]:
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._sqs.get_queue_url(QueueName=name)["QueueUrl"], AttributeNames=["All"]
        )["Attributes"]
        return {
            "visible": int(attributes["ApproximateNumberOfMessages"]),
            "in_flight": int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        }

    def _maximum(self, metric: str) -> float | None:
        points = self._cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName=metric,
            Dimensions=[{"Name": "QueueName", "Value": QUEUE}],
            StartTime=self._since - timedelta(minutes=1),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return max((point["Maximum"] for point in points), default=None)
