"""The spot lane's training jobs: asked for, looked at, stopped and charged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from include.domain.errors import JobFailed, JobStopped
from include.domain.execution.jobs import JobRef, JobSpec, JobState, JobStatus
from include.domain.lanes import Lane, LaneProfile
from include.domain.money.costs import Capacity
from include.domain.placement.routing import Placement
from include.domain.spot.terms import SpotTerms
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.jobs.budget import MARGIN, MIN_RUNTIME_S
from include.pipeline.lanes.jobs.requests import job_tags
from include.pipeline.lanes.spot.costs import spot_run
from include.pipeline.lanes.spot.record import SpotJob, SpotRecord
from include.pipeline.lanes.spot.view import WORKING
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.remote_work import JobRunner

MAX_FAILURES = 3
"""Jobs that may fail one after the other without a new output before the lane gives up."""


@dataclass(frozen=True, slots=True)
class SpotPorts:
    """What the lane needs of the world."""

    objects: ObjectStore
    registry: ModelRegistry
    runner: JobRunner


class SpotFleet:
    """Jobs of one batch on the spot lane, on spot and on demand.

    Args:
        profile: of the lane.
        now: the clock.
    """

    def __init__(
        self,
        layout: BatchLayout,
        *,
        profile: LaneProfile,
        ports: SpotPorts,
        now: Callable[[], datetime],
    ) -> None:
        self._layout = layout
        self._profile = profile
        self._ports = ports
        self._now = now
        self._records = BatchRecords(ports.objects, layout)
        self._seen: set[str] = set()

    @cached_property
    def _placement(self) -> Placement:
        return self._records.placement()

    def observe(self, record: SpotRecord) -> dict[str, JobStatus]:
        """Observe the open jobs; one that is recorded and not yet asked for is asked for."""
        found = {}
        for job in record.open_jobs:
            status = self._ports.runner.status(JobRef(Lane.SPOT, job.name))
            if status is None and not job.is_released:
                status = self._launched(record.terms, job)
            if status is not None:
                found[job.name] = status
        return found

    def settle(
        self, record: SpotRecord, statuses: dict[str, JobStatus], tokens_done: int
    ) -> tuple[SpotRecord, JobFailed | None]:
        """Charge the jobs that have ended.

        Returns:
            The record to save, and what is to be raised then unless every output stands:
            `JobStopped` where someone stopped a job that this process saw at work, `JobFailed`
            where too many have failed without a new output.
        """
        problem: JobFailed | None = None
        for job in record.open_jobs:
            status = statuses.get(job.name)
            if status is None:
                if job.is_released:
                    record = record.change(job.name, is_settled=True)
                continue
            if not status.state.is_final:
                self._seen.add(job.name)
                continue
            self._charge(job, status)
            record = record.change(job.name, is_settled=True)
            if status.state is JobState.FAILED:
                has_progress = tokens_done > record.tokens_at_failure
                failures = 1 if has_progress else record.failures + 1
                record = replace(record, failures=failures, tokens_at_failure=tokens_done)
                if failures >= MAX_FAILURES:
                    record = replace(record, failures=0)
                    problem = JobFailed(f"spot job {job.name} failed: {status.failure_reason}")
            elif _was_stopped_by_someone(job, status) and job.name in self._seen:
                problem = JobStopped(f"spot job {job.name} was stopped")
        return record, problem

    def stop(self, job: SpotJob) -> bool:
        """Stop a job. What it has cost is recorded now, and again when its end is known.

        Returns:
            Whether it has ended.
        """
        ref = JobRef(Lane.SPOT, job.name)
        status = self._ports.runner.status(ref)
        if status is None:
            return True
        if status.state is JobState.IN_PROGRESS:
            self._ports.runner.stop(ref)
        if status.state is not JobState.STOPPING:
            self._charge(job, status)
        return status.state.is_final

    def _launched(self, terms: SpotTerms, job: SpotJob) -> JobStatus | None:
        """Launch a job; None where SageMaker will not have it on spot now.

        Raises:
            JobFailed: it will not have it on demand either.
        """
        try:
            ref = self._ports.runner.launch(
                self._spec(terms, job),
                artifact_url=self._ports.registry.artifact_url(self._records.manifest().model),
            )
        except JobFailed:
            if job.capacity is Capacity.ON_DEMAND:
                raise
            return None
        return self._ports.runner.status(ref)

    def _spec(self, terms: SpotTerms, job: SpotJob) -> JobSpec:
        manifest = self._records.manifest()
        max_runtime_s = max(MIN_RUNTIME_S, round((terms.work_s + terms.changeover_s) * MARGIN))
        return JobSpec(
            name=job.name,
            lane=Lane.SPOT,
            model=manifest.model,
            input_prefix=self._layout.input_prefix,
            output_prefix=self._layout.output_prefix,
            instance_type=self._placement.instance_type,
            instance_count=1,
            max_runtime_s=max_runtime_s,
            max_wait_s=max(max_runtime_s, round(terms.deadline_s)),
            capacity=job.capacity,
            tags=job_tags(manifest),
        )

    def _charge(self, job: SpotJob, status: JobStatus) -> None:
        run = spot_run(
            job,
            status,
            self._placement.instance_type,
            tokens_per_s=self._profile.tokens_per_s,
            now=self._now(),
        )
        if run is not None:
            self._records.save_lane_run(replace(run, lane=Lane.SPOT))


def noted(record: SpotRecord, statuses: dict[str, JobStatus], tokens_done: int) -> SpotRecord:
    """Note how much was done when each stretch of training ended."""
    for job in record.open_jobs:
        status = statuses.get(job.name)
        if status is None:
            continue
        ended = [p for p in status.phases if p.name == WORKING and p.ended_at is not None]
        new = len(ended) - len(job.phase_tokens)
        if new > 0:
            noted = (*job.phase_tokens, *(tokens_done,) * new)
            record = record.change(job.name, phase_tokens=noted)
    return record


def _was_stopped_by_someone(job: SpotJob, status: JobStatus) -> bool:
    names = {phase.name for phase in status.phases}
    ran_out = names & {"MaxWaitTimeExceeded", "MaxRuntimeExceeded"}
    return status.state is JobState.STOPPED and not job.is_released and not ran_out
