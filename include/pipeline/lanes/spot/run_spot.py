"""The spot lane: a managed spot training job that infers, and on demand before it is too late.

A shard's output is its checkpoint, so an interruption costs the shard in flight. SageMaker itself
waits for capacity and starts the job again; what it cannot know is the deadline. At each look the
spot policy (`include.domain.spot`) is asked whether to stay on spot, to wait, or to take the rest
to an instance on demand: another job over the same checkpoints, which skips what is done.

    begin ─▶ spot job ⇄ interrupted, pending ─▶ every output stands ─▶ done
                  └─ the policy says on demand ─▶ spot job released, job on demand ─▶ done

Once on demand, a batch stays there: whether spot could be had again is not known without asking.
What several jobs have failed on is left to the driver of the other job lanes, on demand: it finds
the record that ends its container.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from include.domain.batches.manifests import Shard
from include.domain.errors import JobStopped
from include.domain.execution.jobs import JobStatus
from include.domain.lanes import Lane, LaneProfile
from include.domain.money.costs import Capacity
from include.domain.spot.policy import decide
from include.domain.spot.terms import Capacity as Choice
from include.domain.spot.terms import SpotTerms
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.driver import LaneProgress
from include.pipeline.lanes.jobs.run_job import JobDriver
from include.pipeline.lanes.spot.jobs import SpotFleet, SpotPorts, noted
from include.pipeline.lanes.spot.record import SpotRecord, SpotRecords
from include.pipeline.lanes.spot.view import Progress, spot_view, work_left_s
from include.pipeline.lanes.wish import LaneWishes

WORST_CHANGEOVER = 1.5
"""The deadline is kept for a changeover this many times as long as the profile's."""

REST_NUMBER = 100
"""Of the first job that does what no spot job got through."""

LATE_LOOK_S = 10.0
"""And for a look that comes so late: a lane may be loading, or be moved to another process."""

ENDING_SHARE = 0.25
"""From its last output to its end a job takes about this much of a changeover."""

MIN_LOOK_S, MAX_LOOK_S = 0.2, 30.0
LOOKS_A_CHANGEOVER = 10
"""Looks are so far apart that a changeover sees as many, within the two bounds."""


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
        self._wishes = LaneWishes(ports.objects, layout)
        self._rest = JobDriver(
            layout,
            Lane.SPOT,
            profile=profile,
            objects=ports.objects,
            registry=ports.registry,
            runner=ports.runner,
            now=now,
            first_number=REST_NUMBER,
        )
        self._fleet = SpotFleet(layout, profile=profile, ports=ports, now=now)

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`."""
        record = self._store.load(self._begun)
        statuses = self._fleet.observe(record)
        progress = self._progress()
        record = noted(record, statuses, progress.done)
        record, problem = self._fleet.settle(record, statuses, progress.done)
        if problem is not None and progress.left and not isinstance(problem, JobStopped):
            record, problem = replace(record, is_handed_over=True), None
        self._store.save(record)
        if problem is not None and progress.left:
            raise problem
        if record.is_handed_over:
            for job in record.open_jobs:
                self._fleet.stop(job)
            return self._rest.advance()
        if not progress.left:
            return self._finish(record, statuses)
        left_s = work_left_s(progress, self._profile.tokens_per_s, statuses, self._now())
        current = statuses.get(record.current.name) if record.current else None
        view = spot_view(record, current, left_s=left_s, now=self._now())
        choice = decide(record.terms, view, record.remembered())
        if self._wishes.of(Lane.SPOT).leaves_spot:
            choice = replace(choice, capacity=Choice.ON_DEMAND, reason="the deadline is at risk")
        record = replace(record, memory=choice.memory.to_json())
        record = self._act(record, choice.capacity, progress.done)
        return LaneProgress(
            is_done=False,
            resource=record.current.name if record.current else "",
            message=f"{choice.capacity.value}: {choice.reason}; {left_s:,.0f} s of work left, "
            f"{record.terms.deadline_s - view.elapsed_s:,.0f} s of time",
            look_again_s=max(MIN_LOOK_S, min(choice.act_by_s, record.terms.step_s)),
            is_timed=True,
        )

    def stop(self) -> bool:
        """See `LaneDriver.stop`."""
        record = self._store.load(self._begun)
        ended = [self._fleet.stop(job) for job in record.open_jobs]
        if record.is_handed_over:
            ended.append(self._rest.stop())
        return all(ended)

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
            worst_changeover_s=changeover_s * WORST_CHANGEOVER + LATE_LOOK_S,
            loss_s=max(shard.token_estimate for shard in self._shards) / rate,
        )
        return SpotRecord(now, terms, {})

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
                self._fleet.stop(job)
        elif current is None:
            record = record.add(self._layout.batch_id, Capacity.SPOT, tokens_done)
            self._store.save(record)
        else:
            return self._store.save(record)
        self._fleet.observe(record)
        return record

    def _finish(self, record: SpotRecord, statuses: dict[str, JobStatus]) -> LaneProgress:
        """Every output stands: wait for the jobs to end, since they are charged by their end."""
        for job in record.open_jobs:
            status = statuses.get(job.name)
            if status is None:
                record = record.change(job.name, is_settled=True)
            elif status.phases and status.phases[-1].name in ("Starting", "Interrupted"):
                self._fleet.stop(job)
        self._store.save(record)
        waiting = ", ".join(job.name for job in record.open_jobs)
        return LaneProgress(
            is_done=not waiting,
            resource=waiting or (record.jobs[-1].name if record.jobs else ""),
            message=f"every output stands; waiting for the end of {waiting}" if waiting else "done",
            look_again_s=MIN_LOOK_S,
        )
