"""What the spot policy is shown: read from a job's phases and from the outputs that stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from include.domain.execution.jobs import JobPhase, JobStatus
from include.domain.money import costs
from include.domain.spot.terms import Capacity, SpotTerms, SpotView
from include.pipeline.lanes.spot.record import SpotRecord

WORKING = "Training"
_HAS_INSTANCE = ("Downloading", WORKING, "Uploading", "Stopping")
_NO_CAPACITY = "insufficient capacity"
"""In SageMaker's message of the phase `Starting` while EC2 has no instance to give."""

PATIENCE = 2.0
"""A start that takes so many changeovers counts as waiting for capacity."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the batch is.

    Attributes:
        done: estimated tokens of the shards whose output stands.
        left: of the others.
        largest_shard: tokens of the largest shard.
    """

    done: int
    left: int
    largest_shard: int


def training_s(status: JobStatus, now: datetime) -> float:
    """Return the seconds in which a job's container has run."""
    phases = (phase for phase in status.phases if phase.name == WORKING)
    return sum(((p.ended_at or now) - p.started_at).total_seconds() for p in phases)


def work_left_s(
    progress: Progress, tokens_per_s: float, statuses: Mapping[str, JobStatus], now: datetime
) -> float:
    """Return the seconds of computation still to do, by the last checkpoint.

    At the profile's rate, or at the rate seen where that is lower: what has been done, but at
    least one shard, over the seconds in which containers have run.
    """
    seconds = sum(training_s(status, now) for status in statuses.values())
    rate = tokens_per_s
    if seconds > 0:
        rate = min(rate, max(progress.done, progress.largest_shard) / seconds)
    return progress.left / max(rate, 1e-9)


def spot_view(
    record: SpotRecord, status: JobStatus | None, *, left_s: float, now: datetime
) -> SpotView:
    """Return the policy's view.

    Args:
        status: of the current job; None where there is none or SageMaker refused it.
        left_s: seconds of computation still to do.
    """
    running, changeover_left_s, is_available = _running(record, status, now)
    return SpotView(
        elapsed_s=(now - record.started_at).total_seconds(),
        work_left_s=left_s,
        running=running,
        changeover_left_s=changeover_left_s,
        is_spot_available=is_available,
    )


def _running(
    record: SpotRecord, status: JobStatus | None, now: datetime
) -> tuple[Capacity, float, bool | None]:
    job, terms = record.current, record.terms
    if job is None:
        return Capacity.NONE, 0.0, True  # nothing is asked for: to ask is how to know
    if status is None or not status.phases:
        is_spot = job.capacity is costs.Capacity.SPOT
        return (Capacity.NONE, 0.0, False) if is_spot else (Capacity.ON_DEMAND, 0.0, None)
    phase = status.phases[-1]
    start_left_s = _start_left_s(status.phases, terms, now)
    if job.capacity is costs.Capacity.ON_DEMAND:
        return Capacity.ON_DEMAND, start_left_s, None
    waited_s = (now - phase.started_at).total_seconds()
    is_waiting = _NO_CAPACITY in phase.message.lower() or waited_s > (
        PATIENCE * terms.safe_changeover_s
    )
    if phase.name in _HAS_INSTANCE or (phase.name == "Starting" and not is_waiting):
        return Capacity.SPOT, start_left_s, True
    return Capacity.NONE, 0.0, False


def _start_left_s(phases: tuple[JobPhase, ...], terms: SpotTerms, now: datetime) -> float:
    """Return the seconds until the newest instance makes progress, about."""
    starts = [phase.started_at for phase in phases if phase.name in ("Starting", "Downloading")]
    if not starts:
        return 0.0
    return max(0.0, terms.changeover_s - (now - starts[-1]).total_seconds())
