"""Alerts of queues in which too much waits, or for too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.domain.queues.lane_class import LaneClass
from include.pipeline.alerts.ports import AlertBook, QueueGauge, QueueGauges


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What a queue may come to before a person hears of it."""

    max_waiting: int
    max_age_s: float


@dataclass(frozen=True, slots=True)
class WatchedQueue:
    """A queue under its service's name."""

    name: str
    limits: QueueLimits


def watch_queues(
    queues: Mapping[LaneClass, WatchedQueue], *, gauges: QueueGauges, book: AlertBook, now: datetime
) -> list[Alert]:
    """Post what waits too long or is too much; return what is new.

    Raises:
        QueueUnavailable: a queue cannot be measured.
        StoreError: the book cannot be reached.
    """
    return [
        alert
        for lane_class, queue in queues.items()
        for alert in _judge(lane_class, queue, gauges.read(queue.name, now), now)
        if book.post(alert)
    ]


def _judge(
    lane_class: LaneClass, queue: WatchedQueue, gauge: QueueGauge, now: datetime
) -> Iterator[Alert]:
    seen = f"{gauge.waiting} messages wait"
    if gauge.oldest_s is not None:
        seen += f", the oldest {gauge.oldest_s:.0f} s old"
    limits = queue.limits
    if gauge.waiting > limits.max_waiting:
        yield Alert(
            AlertKind.QUEUE_DEPTH,
            subject=queue.name,
            title=f"Queue {queue.name} is deep: {gauge.waiting} messages wait",
            detail=f"{seen}; {limits.max_waiting} may wait",
            next_step=_next_step(lane_class),
            at=now,
        )
    if gauge.oldest_s is not None and gauge.oldest_s > limits.max_age_s:
        yield Alert(
            AlertKind.QUEUE_AGE,
            subject=queue.name,
            title=f"Queue {queue.name} is late: a message waits {gauge.oldest_s:.0f} s",
            detail=f"{seen}; {limits.max_age_s:.0f} s may pass",
            next_step=_next_step(lane_class),
            at=now,
        )


def _next_step(lane_class: LaneClass) -> str:
    name = lane_class.value
    return (
        f"See in Airflow that {name}_intake runs and that the pool {name} has free slots; an "
        f"account at its cap waits for its own batches (TWOLANE_{name.upper()}_CAPS)."
    )
