"""Training jobs that infer, on simulated spot capacity and simulated time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.domain.errors import JobFailed
from include.domain.execution.jobs import JobPhase, JobRef, JobSpec, JobState, JobStatus
from include.domain.money.costs import Capacity
from tests.support.fakes.objects import FakeObjectStore
from tests.support.fakes.sagemaker import answer_lines, input_names


@dataclass
class FakeTraining:
    """One job; phases are (name, start) pairs, each ended by the next one."""

    spec: JobSpec
    phases: list[tuple[str, float]]
    state: JobState = JobState.IN_PROGRESS
    reason: str = ""
    shard_started_s: float = 0.0
    held_s: float = 0.0
    shards_done: list[str] = field(default_factory=list)

    @property
    def phase(self) -> str:
        return self.phases[-1][0]

    def enter(self, name: str, at_s: float) -> None:
        if self.phase in ("Downloading", "Training"):
            self.held_s += at_s - self.phases[-1][1]
        self.phases.append((name, at_s))


class FakeSpotService:
    """JobRunner over simulated time: set `time_s`, and jobs move on when they are looked at.

    Args:
        is_available: whether spot capacity is there at a second.
        seconds_a_shard: what one shard takes.
        start_s: seconds from an instance to the first shard begun.
        tick_s: resolution of the simulation.
    """

    def __init__(
        self,
        objects: FakeObjectStore,
        start: datetime,
        is_available: Callable[[float], bool] = lambda second: True,
        *,
        seconds_a_shard: float = 10.0,
        start_s: float = 5.0,
        tick_s: float = 0.5,
    ) -> None:
        self.objects = objects
        self.start = start
        self.is_available = is_available
        self.seconds_a_shard = seconds_a_shard
        self.start_s = start_s
        self.tick_s = tick_s
        self.time_s = 0.0
        self.jobs: dict[str, FakeTraining] = {}
        self.stopped: list[str] = []
        self.refuse_spot = ""
        self.fail_with = ""
        self.dies_of = b""
        self._simulated_s = 0.0

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.time_s)

    def launch(self, spec: JobSpec, *, artifact_url: str) -> JobRef:
        self._simulate()
        if self.refuse_spot and spec.capacity is Capacity.SPOT:
            raise JobFailed(f"spot job {spec.name}: refused: {self.refuse_spot}")
        if spec.name not in self.jobs:
            self.jobs[spec.name] = FakeTraining(spec, [("Starting", self.time_s)])
        return JobRef(spec.lane, spec.name)

    def status(self, job: JobRef) -> JobStatus | None:
        self._simulate()
        found = self.jobs.get(job.name)
        if found is None:
            return None
        times = [self._at(second) for _, second in found.phases]
        ended = found.state.is_final
        began = next((self._at(s) for name, s in found.phases if name == "Downloading"), None)
        discount = 0.3 if found.spec.capacity is Capacity.SPOT else 1.0
        return JobStatus(
            found.state,
            found.reason,
            started_at=began,
            ended_at=times[-1] if ended else None,
            created_at=times[0],
            held_s=math.ceil(found.held_s) if ended and began else None,
            billable_s=math.ceil(found.held_s * discount) if ended and began else None,
            phases=tuple(
                JobPhase(name, at, after)
                for (name, _), at, after in zip(
                    found.phases, times, [*times[1:], None], strict=True
                )
            ),
        )

    def stop(self, job: JobRef) -> None:
        self._simulate()
        found = self.jobs.get(job.name)
        if found is not None and found.state is JobState.IN_PROGRESS:
            self.stopped.append(job.name)
            found.state = JobState.STOPPING

    def _simulate(self) -> None:
        while self._simulated_s < self.time_s:
            self._simulated_s = min(self._simulated_s + self.tick_s, self.time_s)
            for job in self.jobs.values():
                self._tick(job, self._simulated_s)

    def _tick(self, job: FakeTraining, now_s: float) -> None:
        if job.state.is_final:
            return
        if job.state is JobState.STOPPING:
            job.enter("Stopped", now_s)
            job.state = JobState.STOPPED
            return
        is_spot = job.spec.capacity is Capacity.SPOT
        if is_spot and job.phase in ("Downloading", "Training") and not self.is_available(now_s):
            job.enter("Interrupted", now_s)
            return
        since_s = now_s - job.phases[-1][1]
        match job.phase:
            case "Interrupted":
                job.enter("Starting", now_s)
            case "Starting" if not is_spot or self.is_available(now_s):
                job.enter("Downloading", now_s)
            case "Downloading" if since_s >= self.start_s:
                job.enter("Training", now_s)
                job.shard_started_s = now_s
            case "Training":
                self._train(job, now_s)

    def _train(self, job: FakeTraining, now_s: float) -> None:
        if self.fail_with:
            job.enter("Failed", now_s)
            job.state, job.reason = JobState.FAILED, self.fail_with
            return
        missing = [name for name in input_names(job.spec, self.objects) if not self._has(job, name)]
        if not missing:
            job.enter("Completed", now_s)
            job.state = JobState.COMPLETED
        elif now_s - job.shard_started_s >= self.seconds_a_shard:
            body = self.objects.objects[job.spec.input_prefix + missing[0]]
            if self.dies_of and self.dies_of in body:
                job.enter("Failed", now_s)
                job.state, job.reason = JobState.FAILED, "AlgorithmError: killed by signal 9"
                return
            self.objects.put(self._output(job, missing[0]), answer_lines(body))
            job.shards_done.append(missing[0])
            job.shard_started_s = now_s

    def _has(self, job: FakeTraining, name: str) -> bool:
        return self.objects.exists(self._output(job, name))

    def _output(self, job: FakeTraining, name: str) -> str:
        return f"{job.spec.output_prefix}{name}.out"

    def _at(self, second: float) -> datetime:
        return self.start + timedelta(seconds=second)


def up_and_down(seconds: Sequence[float], *, is_up_first: bool = True) -> Callable[[float], bool]:
    """Availability that changes after each of these lengths of time, and then stays."""
    edges, total = [], 0.0
    for length in seconds:
        total += length
        edges.append(total)
    return lambda at: (sum(edge <= at for edge in edges) % 2 == 0) == is_up_first
