"""Whether GPUs do nothing. A missing metric, a start and work in flight are no idleness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from include.domain.gpus.instances import gpu_count
from include.domain.gpus.quiet_hours import QuietHours
from include.domain.gpus.resources import HeldInstances, ResourceKind


class Standing(StrEnum):
    """What GPUs were found to do."""

    IDLE = "idle"
    BUSY = "busy"
    IN_FLIGHT = "in flight"
    WARMING_UP = "warming up"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Point:
    """A metric over one period.

    Attributes:
        start: of the period.
        mean: over the period and all instances.
        peak: the highest of them.
    """

    start: datetime
    mean: float
    peak: float


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of one resource.

    Attributes:
        utilisation: share of a GPU's time, 0 to 1, in order; empty where the metric is missing.
        backlog: requests that wait or are in work; None where the kind has no queue.
        invocations: calls that a real-time endpoint was sent in the time looked at.
    """

    utilisation: Sequence[Point]
    backlog: Sequence[Point] | None = None
    invocations: float = 0.0


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """When GPUs count as idle.

    Attributes:
        window_s: so long must they have done nothing.
        quiet_window_s: the same in quiet hours.
        warm_up_s: instances are left alone so long after they came.
        max_utilisation: share of one GPU's time, the others of its instance at rest, that still
            is nothing.
        period_s: of the metrics.
        late_periods: a metric whose newest period is older than so many is missing.
    """

    window_s: float
    quiet_window_s: float
    warm_up_s: float
    quiet_hours: QuietHours
    max_utilisation: float = 0.02
    period_s: float = 60.0
    late_periods: int = 4

    def window_at(self, now: datetime) -> float:
        """Return how long idle GPUs are kept at that time, seconds."""
        return self.quiet_window_s if self.quiet_hours.hold(now) else self.window_s

    @property
    def look_back_s(self) -> float:
        """Metrics are read for so long."""
        longest_s = max(self.window_s, self.quiet_window_s)
        return 2 * longest_s + self.late_periods * self.period_s


@dataclass(frozen=True, slots=True)
class Finding:
    """What one resource was found to do.

    Attributes:
        reason: one sentence.
        since: since when it has been idle; None where it is not.
        utilisation: mean share of a GPU's time in use over the last window; None where the metric
            is missing.
        is_quiet: quiet hours made it idle sooner.
    """

    resource: HeldInstances
    standing: Standing
    reason: str
    since: datetime | None = None
    utilisation: float | None = None
    is_quiet: bool = False


def judge(
    resource: HeldInstances,
    readings: Readings,
    policy: IdlePolicy,
    *,
    has_batch: bool,
    now: datetime,
) -> Finding:
    """Return what a resource's GPUs do.

    Args:
        has_batch: a batch under way needs the endpoint; of jobs, nothing is said by it.
    """
    # One GPU of eight at work is an eighth of the mean: the sum over an instance must be nothing.
    limit = policy.max_utilisation / (gpu_count(resource.instance_type) or 1)
    used = _quiet(readings.utilisation, limit, policy, now)
    utilisation = _mean_of_last(readings.utilisation, policy.window_s) if used.is_known else None
    found = Finding(resource, Standing.BUSY, "", utilisation=utilisation)
    warm_at = _warm_at(resource, policy)
    if warm_at is None or now < warm_at:
        until = f" until {warm_at:%H:%M:%S} UTC" if warm_at else ""
        return replace(found, standing=Standing.WARMING_UP, reason=f"its instances start{until}")
    if has_batch:
        return replace(found, standing=Standing.IN_FLIGHT, reason="a batch under way needs it")
    served = used if readings.backlog is None else _quiet(readings.backlog, 0.0, policy, now)
    if readings.backlog and readings.backlog[-1].peak > 0:
        waiting = f"{readings.backlog[-1].peak:g} requests wait or are in work"
        return replace(found, standing=Standing.IN_FLIGHT, reason=waiting)
    if not used.is_known or not served.is_known:
        what = "GPUUtilization" if not used.is_known else "ApproximateBacklogSize"
        return replace(found, standing=Standing.UNKNOWN, reason=f"{what} is missing")
    if resource.kind is ResourceKind.ENDPOINT and readings.invocations > 0:
        return replace(found, reason=f"{readings.invocations:g} invocations")
    if used.since is None or served.since is None:
        return replace(found, reason="it is in use")
    since = max(used.since, served.since)
    idle_s = _age_s(since, min(used.until, served.until))
    if idle_s < policy.window_at(now):
        return replace(found, reason=f"idle for {idle_s:.0f} s, which is not long enough")
    return replace(
        found,
        standing=Standing.IDLE,
        reason=f"nothing done since {since:%Y-%m-%d %H:%M:%S} UTC",
        since=since,
        is_quiet=idle_s < policy.window_s,
    )


def _mean_of_last(points: Sequence[Point], window_s: float) -> float:
    """Return the mean over the last window that a metric tells of."""
    last = [each.mean for each in points if _age_s(each.start, points[-1].start) < window_s]
    return sum(last) / len(last)


@dataclass(frozen=True, slots=True)
class _Quiet:
    """Whether a metric is told at all, until when, and since when it is at its limit or below."""

    is_known: bool
    until: datetime
    since: datetime | None = None


def _quiet(points: Sequence[Point], limit: float, policy: IdlePolicy, now: datetime) -> _Quiet:
    """Look back from the newest period; a gap of more than one period ends what is known."""
    if not points or _age_s(points[-1].start, now) > (policy.late_periods + 1) * policy.period_s:
        return _Quiet(is_known=False, until=now)
    until = points[-1].start + timedelta(seconds=policy.period_s)
    since: datetime | None = None
    for point in reversed(points):
        is_gap = since is not None and _age_s(point.start, since) > 2 * policy.period_s
        if point.peak > limit or is_gap:
            break
        since = point.start
    return _Quiet(is_known=True, until=until, since=since)


def _warm_at(resource: HeldInstances, policy: IdlePolicy) -> datetime | None:
    if resource.working_since is None or not resource.is_settled:
        return None
    return resource.working_since + timedelta(seconds=policy.warm_up_s)


def _age_s(moment: datetime, now: datetime) -> float:
    return (now - moment).total_seconds()
