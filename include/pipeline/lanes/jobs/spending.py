"""What a batch's jobs take of its time and its money: recorded, and held to their limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from include.domain.batches.manifests import Shard
from include.domain.errors import JobFailed
from include.domain.execution.jobs import JobState, JobStatus
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.records import BatchRecords, LaneRun
from include.pipeline.lanes.jobs.budget import max_cost_usd, max_runtime_s, spent_usd
from include.pipeline.lanes.jobs.costs import job_run
from include.pipeline.lanes.jobs.records import LaneJob


class JobSpending:
    """What a batch's jobs on one lane have cost so far, and whether that is too much.

    Args:
        profile: of the lane: its price and its rate.
    """

    def __init__(self, records: BatchRecords, lane: Lane, profile: LaneProfile) -> None:
        self._records = records
        self._lane = lane
        self._profile = profile
        self._runs: tuple[LaneRun, ...] | None = None

    def excess(self, running: Mapping[str, JobStatus], placement: Placement, now: datetime) -> str:
        """Return which job is over its time, or the batch over its money; empty for neither.

        Args:
            running: the jobs that have not ended, by name.
        """
        limit_s = max_runtime_s(placement)
        limit_usd = max_cost_usd(placement, self._profile)
        if self._runs is None:
            self._runs = self._records.lane_runs()
        ended = [run for run in self._runs if run.resource_id not in running]
        cost_usd = spent_usd(ended, running.values(), self._profile, now)
        for name, status in running.items():
            job = f"{self._lane.value} job {name}"
            seconds = (now - (status.started_at or now)).total_seconds()
            if seconds > limit_s:
                return f"{job} overran its time of {limit_s:,} s"
            if cost_usd > limit_usd:
                spent = f"${cost_usd:.4f} of ${limit_usd:.4f} is spent"
                return f"{job} overran the batch's money: {spent}"
        return ""

    def record(
        self,
        job: LaneJob,
        status: JobStatus,
        *,
        instance_type: str,
        done: Collection[Shard],
        is_whole: bool,
        now: datetime,
    ) -> None:
        """Record what a job has cost, in the place of what was recorded of it before.

        Args:
            done: shards whose output it has left.
            is_whole: it has left all it was to leave.
            now: when it ended, where SageMaker does not say so yet.

        Raises:
            JobFailed: it completed, and reports no times to charge it by.
        """
        run = job_run(
            job.name,
            instance_type,
            status,
            self._profile,
            done_tokens=sum(shard.token_estimate for shard in done),
            is_whole=is_whole,
            ended_at=now,
        )
        if run is not None:
            self._records.save_lane_run(replace(run, lane=self._lane))
            self._runs = None
        elif status.state is JobState.COMPLETED:
            raise JobFailed(f"{self._lane.value} job {job.name} reports no times to charge it by")
