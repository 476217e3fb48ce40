"""Intent, identity and observation of one remote job."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from include.domain.lanes import Lane
from include.domain.model_ref import ModelRef
from include.domain.money.costs import Capacity


class JobState(StrEnum):
    """A remote job's life.

    in_progress → completed | failed | stopping → stopped
    """

    IN_PROGRESS = "in_progress"
    STOPPING = "stopping"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_final(self) -> bool:
        """Whether the job can change no more."""
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.STOPPED)


@dataclass(frozen=True, slots=True)
class TransformSizing:
    """How Batch Transform cuts objects into requests; see `transform_sizing` beside it."""

    max_payload_mb: int
    max_concurrent: int
    is_single_record: bool = False


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a job is to do.

    Attributes:
        name: deterministic, from the manifest's hash, so that a retry finds its own work.
        input_prefix: S3 prefix of the clean shards.
        output_prefix: S3 prefix of the `.out` objects, one a shard.
        max_runtime_s: the job is stopped past it.
        tags: for cost allocation.
        manifest_uri: SageMaker manifest that names the shards to do; empty for all of the prefix.
        capacity: on spot or on demand; only the spot lane knows both.
        max_wait_s: a spot job's seconds in all, waiting for capacity included.
        sizing: of a transform job.
        environment: more variables for the container.
    """

    name: str
    lane: Lane
    model: ModelRef
    input_prefix: str
    output_prefix: str
    instance_type: str
    instance_count: int
    max_runtime_s: int
    tags: dict[str, str] = field(default_factory=dict)
    manifest_uri: str = ""
    capacity: Capacity = Capacity.ON_DEMAND
    max_wait_s: int | None = None
    sizing: TransformSizing | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobRef:
    """Which remote job."""

    lane: Lane
    name: str


@dataclass(frozen=True, slots=True)
class JobPhase:
    """A stretch of a training job's life, under SageMaker's name for it (`Training`, …)."""

    name: str
    started_at: datetime
    ended_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What was seen of a job.

    Attributes:
        state: see `JobState`.
        failure_reason: the service's own words, empty unless failed.
        started_at: when its container began to run; None before.
        ended_at: when it ended; None before.
        created_at: when it was asked for; None where the service does not say.
        held_s: seconds its instances were held, of a training job; None before it has ended.
        billable_s: the same as billed, a spot job's discount taken off.
        phases: a training job's secondary statuses, in order.
    """

    state: JobState
    failure_reason: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    created_at: datetime | None = None
    held_s: float | None = None
    billable_s: float | None = None
    phases: tuple[JobPhase, ...] = ()

    @property
    def waited_s(self) -> float:
        """Seconds from when it was asked for until its container ran; 0 where that is not told."""
        if self.created_at is None or self.started_at is None:
            return 0.0
        return max(0.0, (self.started_at - self.created_at).total_seconds())


def job_name(lane: Lane, batch_id: str, attempt: int = 0) -> str:
    """Return the job's name: at most 63 characters of `[a-zA-Z0-9-]`, as SageMaker asks.

    Args:
        attempt: 0 for the batch's first job; each other one, on another instance or after one
            that failed, has the next number, since SageMaker never gives a name twice.
    """
    suffix = f"-r{attempt}" if attempt else ""
    return f"twolane-{lane.value.replace('_', '-')}-{batch_id}{suffix}"
