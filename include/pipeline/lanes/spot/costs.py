"""What a job of the spot lane is charged for, and how much of it gave no prediction."""

from __future__ import annotations

from datetime import datetime

from include.domain.execution.jobs import JobPhase, JobState, JobStatus
from include.domain.money.costs import Waste
from include.pipeline.batch_objects.records import LaneRun
from include.pipeline.lanes.spot.record import SpotJob
from include.pipeline.lanes.spot.view import WORKING

_CUT_SHORT = ("Interrupted", "Stopping", "MaxWaitTimeExceeded", "MaxRuntimeExceeded")


def spot_run(
    job: SpotJob, status: JobStatus, instance_type: str, *, tokens_per_s: float, now: datetime
) -> LaneRun | None:
    """Return what a job is charged for; None where it never had an instance.

    SageMaker's billable seconds of a spot job have the discount taken off already, so waste is
    scaled by the same share. Downloading is the billed part of a cold start. A stretch of training
    that was cut short, or that failed, has given the shards that were done when it ended; the rest
    of it is waste.

    Args:
        tokens_per_s: what an instance does at the least while it works.
        now: taken for the end of a job that has not ended yet.
    """
    if status.started_at is None:
        return None
    ended_at = max(status.started_at, status.ended_at or now)
    held_s = status.held_s
    if held_s is None:
        held_s = (ended_at - status.started_at).total_seconds()
    billable_s = held_s if status.billable_s is None else status.billable_s
    share = billable_s / held_s if held_s else 1.0
    waste_s = {why: seconds * share for why, seconds in _waste_s(job, status, tokens_per_s, now)}
    return LaneRun(
        job.name,
        instance_type,
        1,
        status.started_at,
        ended_at,
        billable_s=billable_s,
        capacity=job.capacity,
        waste_s={why: seconds for why, seconds in waste_s.items() if seconds > 0},
        waited_s=status.waited_s,
    )


def _waste_s(
    job: SpotJob, status: JobStatus, tokens_per_s: float, now: datetime
) -> list[tuple[Waste, float]]:
    phases = status.phases
    cold_s = sum(_seconds(phase, now) for phase in phases if phase.name == "Downloading")
    rate = max(tokens_per_s, _rate_seen(job, phases, now))
    cut_s, failed_s, before, number = 0.0, 0.0, job.tokens_before, 0
    for index, phase in enumerate(phases):
        if phase.name != WORKING:
            continue
        after = job.phase_tokens[number] if number < len(job.phase_tokens) else before
        lost_s = max(0.0, _seconds(phase, now) - (after - before) / rate)
        following = phases[index + 1].name if index + 1 < len(phases) else ""
        if following in _CUT_SHORT:
            cut_s += lost_s
        elif status.state is JobState.FAILED:
            failed_s += lost_s
        before, number = after, number + 1
    return [
        (Waste.COLD_START, cold_s),
        (Waste.INTERRUPTED, cut_s),
        (Waste.RETRY, failed_s),
    ]


def _rate_seen(job: SpotJob, phases: tuple[JobPhase, ...], now: datetime) -> float:
    seconds = sum(_seconds(phase, now) for phase in phases if phase.name == WORKING)
    done = max((*job.phase_tokens, job.tokens_before)) - job.tokens_before
    return done / seconds if seconds > 0 else 0.0


def _seconds(phase: JobPhase, now: datetime) -> float:
    return ((phase.ended_at or now) - phase.started_at).total_seconds()
