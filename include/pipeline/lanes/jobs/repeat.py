"""Other jobs for what one has left undone; a file that fails alone is taken to pieces."""

from __future__ import annotations

from include.domain.execution.jobs import JobState, JobStatus
from include.domain.lanes import Lane
from include.pipeline.lanes.jobs.isolate_records import PATIENCE, RecordIsolation, split_files
from include.pipeline.lanes.jobs.records import LaneJob, LaneJobs


def repeated(
    jobs: LaneJobs,
    job: LaneJob,
    missing: tuple[str, ...],
    reason: str,
    *,
    lane: Lane,
    batch_id: str,
    isolation: RecordIsolation,
) -> LaneJobs:
    """Add the jobs that do what one has left.

    Args:
        missing: its files without an output; at least one.
        reason: why it left them.
    """
    tries = 0 if len(missing) < len(job.files) else job.tries + 1
    if tries < PATIENCE:
        return jobs.add(lane, batch_id, job.folder, missing, tries)
    if len(missing) == 1:
        folder, pieces = isolation.isolate(job, missing[0], reason)
        if not pieces:
            return jobs.count(has_progress=True)
        return jobs.add(lane, batch_id, folder, pieces, PATIENCE - 1)
    for half in split_files(missing):
        jobs = jobs.add(lane, batch_id, job.folder, half, PATIENCE - 1)
    return jobs


def why_undone(lane: Lane, job: LaneJob, status: JobStatus, missing: tuple[str, ...]) -> str:
    """Say why a job has left something undone."""
    match status.state:
        case JobState.FAILED:
            return f"{lane.value} job {job.name} failed: {status.failure_reason}"
        case JobState.STOPPED:
            return f"{lane.value} job {job.name} was stopped"
        case _:
            return f"{lane.value} job {job.name} completed, but left no output for {missing[0]}"
