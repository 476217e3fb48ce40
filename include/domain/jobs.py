"""Intent, identity and observation of one remote job."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from include.domain.lanes import Lane
from include.domain.model_ref import ModelRef


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
class JobSpec:
    """What a job is to do.

    Attributes:
        name: deterministic, from the manifest's hash, so that a retry finds its own work.
        input_prefix: S3 prefix of the clean shards.
        output_prefix: S3 prefix of the `.out` objects, one a shard.
        max_runtime_s: the job is stopped past it.
        tags: for cost allocation.
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


@dataclass(frozen=True, slots=True)
class JobRef:
    """Which remote job."""

    lane: Lane
    name: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What was seen of a job.

    Attributes:
        state: see `JobState`.
        failure_reason: the service's own words, empty unless failed.
        started_at: when its container began to run; None before.
        ended_at: when it ended; None before.
    """

    state: JobState
    failure_reason: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None


def job_name(lane: Lane, batch_id: str, attempt: int = 0) -> str:
    """Return the job's name: at most 63 characters of `[a-zA-Z0-9-]`, as SageMaker asks.

    Args:
        attempt: 0 for the first; a job that failed or was stopped is followed by the next
            number, since SageMaker never gives a name twice.
    """
    suffix = f"-r{attempt}" if attempt else ""
    return f"twolane-{lane.value.replace('_', '-')}-{batch_id}{suffix}"
