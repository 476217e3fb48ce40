"""What of ours holds instances on SageMaker: endpoints, and jobs under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from include.domain.curves import calibration
from include.domain.gpus.instances import gpu_count, has_gpus


class ResourceKind(StrEnum):
    """What it is. The value is stored."""

    ASYNC_ENDPOINT = "async_endpoint"
    ENDPOINT = "endpoint"
    TRANSFORM_JOB = "transform_job"
    TRAINING_JOB = "training_job"
    PROCESSING_JOB = "processing_job"

    @property
    def is_job(self) -> bool:
        """Whether it ends by itself."""
        return self not in (ResourceKind.ASYNC_ENDPOINT, ResourceKind.ENDPOINT)

    @property
    def words(self) -> str:
        """For people."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class HeldInstances:
    """An endpoint, or a job under way, that bears our tags.

    Attributes:
        resource_id: its name.
        instance_type: of every instance; empty of a serverless endpoint.
        instances: in service now, each of them billed.
        made_at: when it was asked for.
        working_since: since when it has had these instances; None while they start.
        tags: all it bears.
        is_settled: no change of it is under way.
        limit_s: SageMaker stops it so long after its start; None where nothing does.
    """

    resource_id: str
    kind: ResourceKind
    instance_type: str
    instances: int
    made_at: datetime
    working_since: datetime | None
    tags: Mapping[str, str] = field(default_factory=dict)
    is_settled: bool = True
    limit_s: float | None = None

    @property
    def has_gpus(self) -> bool:
        """Whether it holds any."""
        return self.instances > 0 and has_gpus(self.instance_type)

    @property
    def gpus(self) -> int:
        """GPUs on all its instances; 0 where nobody knows."""
        return self.instances * (gpu_count(self.instance_type) or 0)

    @property
    def batch_id(self) -> str | None:
        """The batch a job works for."""
        return self.tags.get("twolane:batch")

    @property
    def release_id(self) -> str | None:
        """The release a job works for."""
        return self.tags.get("release")

    @property
    def is_unrecorded(self) -> bool:
        """Whether its owner is in no book: a calibration, or somebody who trains by hand."""
        is_by_hand = "training-digest" in self.tags and self.release_id is None
        return is_by_hand or self.tags.get("twolane:account") == calibration.ACCOUNT
