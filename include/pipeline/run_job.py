"""The job lanes: launch or adopt the batch's job, watch it, and record what ran.

The job's name comes from the manifest's hash. A retry therefore finds the job of the try before
and adopts it, running or completed; only a job that failed or was stopped is followed by another,
under the next number.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from include.domain.errors import JobFailed, JobStopped
from include.domain.jobs import JobRef, JobSpec, JobState, JobStatus, job_name
from include.domain.lanes import Lane
from include.domain.routing import Placement
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.lane_driver import LaneProgress
from include.pipeline.ports import JobRunner, ModelRegistry, ObjectStore
from include.pipeline.records import BatchRecords, LaneRun

RUNTIME_MARGIN = 10
"""A job may take this many times its estimate before it is stopped."""

MIN_RUNTIME_S = 900
"""The least time a job is given: a cold start and a small batch."""

MAX_ATTEMPTS = 20
"""Names tried for one batch and lane before giving up."""

LOOK_AGAIN_S = 0.2
"""Seconds between two looks at a job; whoever waits long may look less often."""


def launch_or_adopt(
    layout: BatchLayout,
    *,
    lane: Lane,
    objects: ObjectStore,
    registry: ModelRegistry,
    runner: JobRunner,
) -> JobRef:
    """Return the batch's live or completed job, started now if there is none.

    Raises:
        JobFailed: SageMaker refuses the request, or too many jobs have failed already.
    """
    records = BatchRecords(objects, layout)
    manifest, placement = records.manifest(), records.placement()
    for attempt in range(MAX_ATTEMPTS):
        job = JobRef(lane, job_name(lane, manifest.batch_id, attempt))
        status = runner.status(job)
        if status is not None and status.state in (
            JobState.FAILED,
            JobState.STOPPED,
            JobState.STOPPING,
        ):
            continue
        if status is not None:
            return job
        spec = JobSpec(
            name=job.name,
            lane=lane,
            model=manifest.model,
            input_prefix=layout.input_prefix,
            output_prefix=layout.output_prefix,
            instance_type=placement.instance_type,
            instance_count=placement.instance_count,
            max_runtime_s=max_runtime_s(placement),
            tags={
                "twolane:batch": manifest.batch_id,
                "twolane:account": manifest.account,
                "twolane:model": manifest.model.label,
            },
        )
        return runner.launch(spec, artifact_url=registry.artifact_url(manifest.model))
    raise JobFailed(
        f"batch {manifest.batch_id}: {MAX_ATTEMPTS} {lane.value} jobs failed; giving up"
    )


def observe(job: JobRef, *, runner: JobRunner) -> JobStatus:
    """Return the job's status.

    Raises:
        JobFailed: it failed or is gone; the message carries SageMaker's reason.
        JobStopped: it was stopped.
    """
    status = runner.status(job)
    if status is None:
        raise JobFailed(f"{job.lane.value} job {job.name}: SageMaker knows no such job")
    match status.state:
        case JobState.FAILED:
            raise JobFailed(f"{job.lane.value} job {job.name} failed: {status.failure_reason}")
        case JobState.STOPPED:
            raise JobStopped(f"{job.lane.value} job {job.name} was stopped")
        case JobState.IN_PROGRESS | JobState.STOPPING | JobState.COMPLETED:
            return status


def max_runtime_s(placement: Placement) -> int:
    """Return the seconds after which the job is stopped."""
    return max(MIN_RUNTIME_S, round(placement.latency_s * RUNTIME_MARGIN))


class JobDriver:
    """Drives a batch's one SageMaker job of the processing or transform lane.

    Args:
        now: the clock; Batch Transform has no stopping condition, so a job's time is held here.
    """

    def __init__(
        self,
        layout: BatchLayout,
        lane: Lane,
        *,
        objects: ObjectStore,
        registry: ModelRegistry,
        runner: JobRunner,
        now: Callable[[], datetime],
    ) -> None:
        self._layout = layout
        self._lane = lane
        self._objects = objects
        self._registry = registry
        self._runner = runner
        self._now = now
        self._job: JobRef | None = None

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`."""
        if self._job is None:
            self._job = launch_or_adopt(
                self._layout,
                lane=self._lane,
                objects=self._objects,
                registry=self._registry,
                runner=self._runner,
            )
        job = self._job
        status = observe(job, runner=self._runner)
        if status.state.is_final:
            record_run(self._layout, job, status, objects=self._objects)
        elif self._overruns(status):
            self._runner.stop(job)
            raise JobFailed(f"{job.lane.value} job {job.name} overran its time; stopped")
        return LaneProgress(
            is_done=status.state.is_final,
            resource=job.name,
            message=f"{job.lane.value} job {job.name} is {status.state.value}",
            look_again_s=LOOK_AGAIN_S,
        )

    def stop(self) -> None:
        """See `LaneDriver.stop`."""
        for attempt in range(MAX_ATTEMPTS):
            job = JobRef(self._lane, job_name(self._lane, self._layout.batch_id, attempt))
            if self._runner.status(job) is None:
                return
            self._runner.stop(job)

    def _overruns(self, status: JobStatus) -> bool:
        if status.started_at is None:
            return False
        limit_s = max_runtime_s(BatchRecords(self._objects, self._layout).placement())
        return (self._now() - status.started_at).total_seconds() > limit_s


def record_run(
    layout: BatchLayout, job: JobRef, status: JobStatus, *, objects: ObjectStore
) -> None:
    """Keep what ran and when, for the ledger.

    Raises:
        JobFailed: the job reports no times, so it cannot be charged.
    """
    if status.started_at is None or status.ended_at is None:
        raise JobFailed(f"{job.lane.value} job {job.name} completed without reporting its times")
    records = BatchRecords(objects, layout)
    placement = records.placement()
    records.save_lane_run(
        LaneRun(
            job.name,
            placement.instance_type,
            placement.instance_count,
            status.started_at,
            status.ended_at,
        )
    )
