"""What a batch's jobs may take, in time and in money, before they are stopped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from include.domain.execution.jobs import JobStatus
from include.domain.lanes import LaneProfile
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.records import LaneRun

MARGIN = 10
"""A job may take this many times the placement's estimate, and the batch cost as much."""

MIN_RUNTIME_S = 900
"""The least time a job is given: a cold start and a small batch."""


def max_runtime_s(placement: Placement) -> int:
    """Return the seconds after which a job is stopped."""
    return max(MIN_RUNTIME_S, round(placement.latency_s * MARGIN))


def max_cost_usd(placement: Placement, profile: LaneProfile) -> float:
    """Return the US dollars, at list price, after which a batch's jobs are stopped."""
    least_usd = MIN_RUNTIME_S / 3600 * profile.price_usd_per_h * placement.instance_count
    return max(least_usd, placement.list_cost_usd * MARGIN)


def spent_usd(
    runs: Iterable[LaneRun], running: Iterable[JobStatus], profile: LaneProfile, now: datetime
) -> float:
    """Return the list cost so far, of what has ended and of what runs."""
    seconds = sum(
        (run.ended_at - run.started_at).total_seconds() * run.instance_count for run in runs
    )
    seconds += sum(
        (now - status.started_at).total_seconds()
        for status in running
        if status.started_at is not None
    )
    return seconds * profile.price_usd_per_h / 3600
