"""What a job is charged for, and how much of it gave no prediction."""

from __future__ import annotations

from datetime import datetime

from include.domain.execution.jobs import JobState, JobStatus
from include.domain.lanes import LaneProfile
from include.domain.money.costs import Waste
from include.pipeline.batch_objects.records import LaneRun


def job_run(
    name: str,
    instance_type: str,
    status: JobStatus,
    profile: LaneProfile,
    *,
    done_tokens: int,
    is_whole: bool,
    ended_at: datetime | None = None,
) -> LaneRun | None:
    """Return what a job on one instance is charged for; None where its container never ran.

    The billed part of a cold start is what the lane's profile says of it less the time the job
    waited for its instance, which is not billed.

    Args:
        done_tokens: estimated tokens of the shards whose output the job has left.
        is_whole: it has left every output that it was to leave. Otherwise the time beyond what
            its outputs took at the profile's rate is waste: another job does it again.
        ended_at: for a job that was asked to stop and has not ended yet; replaced when it has.
    """
    started_at, ended_at = status.started_at, status.ended_at or ended_at
    if started_at is None or ended_at is None:
        return None
    ended_at = max(started_at, ended_at)
    seconds = (ended_at - started_at).total_seconds()
    cold_s = min(_billed_start_s(status, profile), seconds)
    waste_s = {Waste.COLD_START: cold_s} if cold_s else {}
    if not (is_whole and status.state is JobState.COMPLETED):
        useful_s = done_tokens / profile.tokens_per_s
        retry_s = seconds - cold_s - useful_s
        if retry_s > 0:
            waste_s[Waste.RETRY] = retry_s
    return LaneRun(
        name,
        instance_type,
        1,
        started_at,
        ended_at,
        seconds,
        waste_s=waste_s,
        waited_s=status.waited_s,
    )


def _billed_start_s(status: JobStatus, profile: LaneProfile) -> float:
    if not profile.start_billed:
        return 0.0
    return max(0.0, profile.cold_start_s - status.waited_s)
