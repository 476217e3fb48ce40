"""The job lanes: one SageMaker job an instance, each over its own shards, until all are done.

A job's name comes from the manifest's hash and its number. A retry therefore finds the jobs of the
try before and adopts them, running or completed. What a job leaves undone, because it failed, lost
its instance or lost an output, is given to another job, and nothing else is
(docs/adr/0015-job-lanes.md).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from include.domain.batches.manifests import shard_file_name
from include.domain.errors import JobFailed, JobStopped
from include.domain.execution.jobs import JobRef, JobState, JobStatus
from include.domain.execution.packing import deal_out
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.driver import LaneProgress
from include.pipeline.lanes.jobs.isolate_records import RecordIsolation
from include.pipeline.lanes.jobs.outputs import JobOutputs
from include.pipeline.lanes.jobs.records import JobRecords, LaneJob, LaneJobs
from include.pipeline.lanes.jobs.reinforce import reinforced
from include.pipeline.lanes.jobs.repeat import repeated, why_undone
from include.pipeline.lanes.jobs.requests import job_spec
from include.pipeline.lanes.jobs.spending import JobSpending
from include.pipeline.lanes.wish import LaneWishes
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.remote_work import JobRunner

MAX_FRUITLESS = 5
"""Jobs that may end one after the other without a new output before the lane gives up."""

MAX_JOBS = 100
"""Jobs a batch may take on one lane; a handful of bad records is isolated with far fewer."""

LOOK_AGAIN_S = 0.5
"""Seconds between two looks at a job; each costs a call to SageMaker and a listing of outputs."""

Observed = tuple[LaneJob, JobStatus]


class JobDriver:
    """Drives a batch on the processing or the transform lane, or what spot could not get through.

    Args:
        profile: of the lane: its price and its rate, for the budget and the ledger.
        now: the clock; Batch Transform has no stopping condition, so time is held here.
        first_number: of its jobs, where the lane has others before them.
    """

    def __init__(
        self,
        layout: BatchLayout,
        lane: Lane,
        *,
        profile: LaneProfile,
        objects: ObjectStore,
        registry: ModelRegistry,
        runner: JobRunner,
        now: Callable[[], datetime],
        first_number: int = 0,
    ) -> None:
        self._layout = layout
        self._lane = lane
        self._objects = objects
        self._registry = registry
        self._runner = runner
        self._now = now
        self._jobs = JobRecords(objects, layout, lane, first_number)
        self._records = BatchRecords(objects, layout)
        self._outputs = JobOutputs(objects, layout, self._records)
        self._spending = JobSpending(self._records, lane, profile)
        self._isolation = RecordIsolation(objects, layout)
        self._wishes = LaneWishes(objects, layout)
        self._known: LaneJobs | None = None
        self._seen: set[str] = set()

    @cached_property
    def _placement(self) -> Placement:
        return self._records.placement()

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`."""
        jobs = self._load()
        if not jobs.open_jobs:
            jobs = self._plan(jobs)
        jobs = self._reinforce(jobs)
        observed = [(job, self._launched(job)) for job in jobs.open_jobs]
        self._watch(observed)
        ended = [(job, status) for job, status in observed if status.state.is_final]
        if ended:
            jobs = self._settle(jobs, ended)
        if jobs.reinforced_to and jobs.open_jobs and not self._outputs.missing_shards():
            jobs = self._release(jobs)
        self._seen |= {j.name for j, s in observed if s.state is JobState.IN_PROGRESS}
        names = ", ".join(job.name for job in jobs.open_jobs or jobs.jobs[-1:])
        return LaneProgress(
            is_done=not jobs.open_jobs,
            resource=names,
            message=f"{len(jobs.open_jobs)} {self._lane.value} job(s) at work: {names}",
            look_again_s=LOOK_AGAIN_S,
        )

    def stop(self) -> bool:
        """See `LaneDriver.stop`."""
        ended = [self._stop(job) for job in self._load().open_jobs]
        return all(ended)

    def _load(self) -> LaneJobs:
        if self._known is None:
            self._known = self._jobs.load()
        return self._known

    def _save(self, jobs: LaneJobs) -> None:
        self._jobs.save(jobs)
        self._known = jobs

    def _plan(self, jobs: LaneJobs) -> LaneJobs:
        """Deal what is missing out over the placement's instances."""
        shards = self._outputs.missing_shards()
        if shards:
            for share in deal_out([*shards.values()], self._placement.instance_count):
                files = tuple(shard_file_name(shard.index) for shard in share)
                jobs = jobs.add(self._lane, self._layout.batch_id, self._outputs.folder, files)
            self._save(jobs)
        return jobs

    def _reinforce(self, jobs: LaneJobs) -> LaneJobs:
        """Give the batch more instances where somebody wants it to have them."""
        wanted = self._wishes.of(self._lane).instances
        if wanted <= max(jobs.reinforced_to, len(jobs.open_jobs)):
            return jobs
        more = reinforced(
            jobs,
            wanted,
            lane=self._lane,
            batch_id=self._layout.batch_id,
            folder=self._outputs.folder,
            missing=self._outputs.missing_shards(),
        )
        if more != jobs:
            self._save(more)
        return more

    def _release(self, jobs: LaneJobs) -> LaneJobs:
        """Every output stands: stop the jobs that would only do again what another has done."""
        for job in jobs.open_jobs:
            self._stop(job)
            jobs = jobs.settle(job)
        self._save(jobs)
        return jobs

    def _launched(self, job: LaneJob) -> JobStatus:
        """Observe a job, launching it where SageMaker knows none of its name."""
        ref = JobRef(self._lane, job.name)
        status = self._runner.status(ref)
        if status is None:
            spec = job_spec(
                job,
                self._lane,
                manifest_uri=self._jobs.write_manifest(job),
                layout=self._layout,
                objects=self._objects,
            )
            self._runner.launch(spec, artifact_url=self._registry.artifact_url(spec.model))
            status = self._runner.status(ref)
        if status is None:
            raise JobFailed(f"{self._lane.value} job {job.name}: SageMaker knows no such job")
        return status

    def _watch(self, observed: list[Observed]) -> None:
        """Stop everything once a job is over its time, or the batch over its money.

        Raises:
            JobFailed: it was stopped; the message says what was exceeded.
        """
        running = {job.name: status for job, status in observed if not status.state.is_final}
        over = self._spending.excess(running, self._placement, self._now())
        if over:
            self.stop()
            raise JobFailed(f"{over}; stopped")

    def _stop(self, job: LaneJob) -> bool:
        """Stop a job. What it has cost is recorded now, and again when its end is known.

        Returns:
            Whether it has ended.
        """
        ref = JobRef(self._lane, job.name)
        status = self._runner.status(ref)
        if status is None:
            return True
        if not status.state.is_final:
            self._runner.stop(ref)
        self._record(job, status, self._outputs.missing_of(job))
        return status.state.is_final

    def _settle(self, jobs: LaneJobs, ended: list[Observed]) -> LaneJobs:
        """Record what ended, and give what it left undone to other jobs.

        Raises:
            JobStopped: someone stopped a job that this process saw at work; whoever comes next
                does what it left.
            JobFailed: nothing new has come of several jobs one after the other.
        """
        reason = ""
        for job, status in ended:
            missing = self._outputs.missing_of(job)
            self._record(job, status, missing)
            jobs = jobs.settle(job).count(has_progress=len(missing) < len(job.files))
            if missing:
                reason = why_undone(self._lane, job, status, missing)
                if status.state is JobState.STOPPED and job.name in self._seen:
                    self._save(jobs)
                    raise JobStopped(reason)
                jobs = repeated(
                    jobs,
                    job,
                    missing,
                    reason,
                    lane=self._lane,
                    batch_id=self._layout.batch_id,
                    isolation=self._isolation,
                )
        if reason and (jobs.fruitless >= MAX_FRUITLESS or len(jobs.jobs) > MAX_JOBS):
            for job in jobs.open_jobs:
                self._stop(job)
            self._save(jobs.given_up())
            raise JobFailed(reason)
        if not jobs.open_jobs:
            self._isolation.assemble(tuple(self._outputs.missing_shards()))
            missing = tuple(self._outputs.missing_shards())
            if missing:
                jobs = jobs.add(self._lane, self._layout.batch_id, self._outputs.folder, missing)
        self._save(jobs)
        return jobs

    def _record(self, job: LaneJob, status: JobStatus, missing: tuple[str, ...]) -> None:
        self._spending.record(
            job,
            status,
            instance_type=self._placement.instance_type,
            done=self._outputs.done_by(job, missing),
            is_whole=not missing,
            now=self._now(),
        )
