"""The spot lane: a managed spot training job that infers, and on demand before it is too late.

A shard's output is its checkpoint, so an interruption costs the shard in flight. SageMaker itself
waits for capacity and starts the job again; what it cannot know is the deadline. At each look the
spot policy (`include.domain.spot`) is asked whether to stay on spot, to wait, or to take the rest
to an instance on demand: another job over the same checkpoints, which skips what is done.

    begin ─▶ spot job ⇄ interrupted, pending ─▶ every output stands ─▶ done
                  └─ the policy says on demand ─▶ spot job released, job on demand ─▶ done

Once on demand, a batch stays there: whether spot could be had again is not known without asking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from include.domain.costs import Capacity
from include.domain.errors import JobFailed, JobStopped
from include.domain.jobs import JobRef, JobSpec, JobState, JobStatus
from include.domain.lanes import Lane, LaneProfile
from include.domain.manifests import Shard
from include.domain.routing import Placement
from include.domain.spot.policy import decide
from include.domain.spot.terms import Capacity as Choice
from include.domain.spot.terms import SpotTerms
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.job_budget import MARGIN, MIN_RUNTIME_S
from include.pipeline.job_requests import job_tags
from include.pipeline.lane_driver import LaneProgress
from include.pipeline.ports import JobRunner, ModelRegistry, ObjectStore
from include.pipeline.records import BatchRecords
from include.pipeline.spot_costs import spot_run
from include.pipeline.spot_record import SpotJob, SpotRecord, SpotRecords
from include.pipeline.spot_view import WORKING, Progress, spot_view, work_left_s

MAX_FAILURES = 3
"""Jobs that may fail one after the other without a new output before the lane gives up."""

WORST_CHANGEOVER = 1.5
"""The deadline is kept for a changeover this many times as long as the profile's."""

ENDING_SHARE = 0.25
"""From its last output to its end a job takes about this much of a changeover."""

MIN_LOOK_S, MAX_LOOK_S = 0.2, 30.0
LOOKS_A_CHANGEOVER = 10
"""Looks are so far apart that a changeover sees as many, within the two bounds."""


@dataclass(frozen=True, slots=True)
class SpotPorts:
    """What the lane needs of the world."""

    objects: ObjectStore
    registry: ModelRegistry
    runner: JobRunner


class SpotDriver:
    """Drives a batch on the spot lane.

    Args:
        profile: of the lane: rate, changeover, price on spot and on demand.
        loading_documents_per_s: what is kept back of the time left, as the router does.
        now: the clock.
    """

    def __init__(
        self,
        layout: BatchLayout,
        *,
        profile: LaneProfile,
        loading_documents_per_s: float,
        ports: SpotPorts,
        now: Callable[[], datetime],
    ) -> None:
        self._layout = layout
        self._profile = profile
        self._loading_documents_per_s = loading_documents_per_s
        self._ports = ports
        self._now = now
        self._records = BatchRecords(ports.objects, layout)
        self._store = SpotRecords(ports.objects, layout)
        self._seen: set[str] = set()

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`."""
        record = self._store.load(self._begun)
        statuses = self._observed(record)
        progress = self._progress()
        record = self._store.save(_noted(record, statuses, progress.done))
        record = self._settle(record, statuses, progress)
        if not progress.left:
            return self._finish(record, statuses)
        left_s = work_left_s(progress, self._profile.tokens_per_s, statuses, self._now())
        current = statuses.get(record.current.name) if record.current else None
        view = spot_view(record, current, left_s=left_s, now=self._now())
        choice = decide(record.terms, view, record.remembered())
        record = replace(record, memory=choice.memory.to_json())
        record = self._act(record, choice.capacity, progress.done)
        return LaneProgress(
            is_done=False,
            resource=record.current.name if record.current else "",
            message=f"{choice.capacity.value}: {choice.reason}; {left_s:,.0f} s of work left, "
            f"{record.terms.deadline_s - view.elapsed_s:,.0f} s of time",
            look_again_s=max(MIN_LOOK_S, min(choice.act_by_s, record.terms.step_s)),
        )

    def stop(self) -> None:
        """See `LaneDriver.stop`."""
        for job in self._store.load(self._begun).open_jobs:
            self._stop(job)

    @cached_property
    def _placement(self) -> Placement:
        return self._records.placement()

    @cached_property
    def _shards(self) -> tuple[Shard, ...]:
        return self._records.validation().shards

    def _begun(self) -> SpotRecord:
        """Fix the terms: they count from now."""
        now, profile = self._now(), self._profile
        rate, changeover_s = profile.tokens_per_s, profile.cold_start_s
        documents = sum(shard.document_count for shard in self._shards)
        time_left_s = (self._records.manifest().deadline_at - now).total_seconds()
        behind_s = documents / self._loading_documents_per_s + ENDING_SHARE * changeover_s
        step_s = min(max(changeover_s / LOOKS_A_CHANGEOVER, MIN_LOOK_S), MAX_LOOK_S)
        terms = SpotTerms(
            work_s=sum(shard.token_estimate for shard in self._shards) / rate,
            deadline_s=max(time_left_s - behind_s, step_s),
            changeover_s=changeover_s,
            price_ratio=max(1.0, profile.on_demand_price_usd_per_h / profile.price_usd_per_h),
            step_s=step_s,
            worst_changeover_s=changeover_s * WORST_CHANGEOVER,
            loss_s=max(shard.token_estimate for shard in self._shards) / rate,
        )
        return SpotRecord(now, terms, {})

    def _observed(self, record: SpotRecord) -> dict[str, JobStatus]:
        """Observe the open jobs; one that is recorded and not yet asked for is asked for."""
        found = {}
        for job in record.open_jobs:
            status = self._ports.runner.status(JobRef(Lane.SPOT, job.name))
            if status is None and not job.is_released:
                status = self._launched(record, job)
            if status is not None:
                found[job.name] = status
        return found

    def _launched(self, record: SpotRecord, job: SpotJob) -> JobStatus | None:
        """Launch a job; None where SageMaker will not have it on spot now.

        Raises:
            JobFailed: it will not have it on demand either.
        """
        try:
            ref = self._ports.runner.launch(
                self._spec(record, job),
                artifact_url=self._ports.registry.artifact_url(self._records.manifest().model),
            )
        except JobFailed:
            if job.capacity is Capacity.ON_DEMAND:
                raise
            return None
        return self._ports.runner.status(ref)

    def _spec(self, record: SpotRecord, job: SpotJob) -> JobSpec:
        terms, manifest = record.terms, self._records.manifest()
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

    def _progress(self) -> Progress:
        present = {i.uri for i in self._ports.objects.list_objects(self._layout.output_prefix)}
        done = left = 0
        for shard in self._shards:
            if self._layout.output_shard(shard.index) in present:
                done += shard.token_estimate
            else:
                left += shard.token_estimate
        return Progress(done, left, max(shard.token_estimate for shard in self._shards))

    def _act(self, record: SpotRecord, choice: Choice, tokens_done: int) -> SpotRecord:
        """Have the capacity at work that was chosen; waiting is done by a pending spot job."""
        current = record.current
        if choice is Choice.ON_DEMAND:
            if current is not None and current.capacity is Capacity.ON_DEMAND:
                return self._store.save(record)
            released = record.open_jobs
            for job in released:
                record = record.change(job.name, is_released=True)
            record = record.add(self._layout.batch_id, Capacity.ON_DEMAND, tokens_done)
            self._store.save(record)
            for job in released:
                self._stop(job)
        elif current is None:
            record = record.add(self._layout.batch_id, Capacity.SPOT, tokens_done)
            self._store.save(record)
        else:
            return self._store.save(record)
        self._observed(record)
        return record

    def _finish(self, record: SpotRecord, statuses: dict[str, JobStatus]) -> LaneProgress:
        """Every output stands: wait for the jobs to end, since they are charged by their end."""
        for job in record.open_jobs:
            status = statuses.get(job.name)
            if status is None:
                record = record.change(job.name, is_settled=True)
            elif status.phases and status.phases[-1].name in ("Starting", "Interrupted"):
                self._stop(job)
        self._store.save(record)
        waiting = ", ".join(job.name for job in record.open_jobs)
        return LaneProgress(
            is_done=not waiting,
            resource=waiting or (record.jobs[-1].name if record.jobs else ""),
            message=f"every output stands; waiting for the end of {waiting}" if waiting else "done",
            look_again_s=MIN_LOOK_S,
        )

    def _settle(
        self, record: SpotRecord, statuses: dict[str, JobStatus], progress: Progress
    ) -> SpotRecord:
        """Charge the jobs that have ended.

        Raises:
            JobStopped: someone stopped a job that this process saw at work.
            JobFailed: too many have failed without a new output.
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
                has_progress = progress.done > record.tokens_at_failure
                failures = 1 if has_progress else record.failures + 1
                record = replace(record, failures=failures, tokens_at_failure=progress.done)
                if failures >= MAX_FAILURES:
                    record = replace(record, failures=0)
                    problem = JobFailed(f"spot job {job.name} failed: {status.failure_reason}")
            elif _was_stopped_by_someone(job, status) and job.name in self._seen:
                problem = JobStopped(f"spot job {job.name} was stopped")
        self._store.save(record)
        if problem is not None and progress.left:
            raise problem
        return record

    def _stop(self, job: SpotJob) -> None:
        """Stop a job. What it has cost is recorded now, and again when its end is known."""
        ref = JobRef(Lane.SPOT, job.name)
        status = self._ports.runner.status(ref)
        if status is not None and status.state is JobState.IN_PROGRESS:
            self._ports.runner.stop(ref)
            self._charge(job, status)

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


def _noted(record: SpotRecord, statuses: dict[str, JobStatus], tokens_done: int) -> SpotRecord:
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
