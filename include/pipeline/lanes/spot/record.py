"""What the spot lane has decided and asked for, kept beside the batch: the driver's only memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from include.domain.execution.jobs import job_name
from include.domain.lanes import Lane
from include.domain.money.costs import Capacity
from include.domain.spot.memory import SpotMemory
from include.domain.spot.terms import SpotTerms
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.ports.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class SpotJob:
    """One training job that infers.

    Attributes:
        name: SageMaker's name for it.
        capacity: spot or on demand.
        tokens_before: estimated tokens of the batch that were done when it was asked for.
        phase_tokens: the same when each of its stretches of training was first seen to have ended.
        is_released: the lane has asked it to stop, because another takes over.
        is_settled: it has ended and is charged.
    """

    name: str
    capacity: Capacity
    tokens_before: int
    phase_tokens: tuple[int, ...] = ()
    is_released: bool = False
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class SpotRecord:
    """The lane's state.

    Attributes:
        started_at: when the lane began; the terms count from here.
        terms: what the policy was told, frozen.
        memory: what the policy remembers, as it writes itself.
        jobs: in the order they were asked for.
        failures: jobs that failed one after the other without a new output.
        tokens_at_failure: tokens done at the last of them.
        is_handed_over: what is left is done as the other job lanes do it, on demand.
    """

    started_at: datetime
    terms: SpotTerms
    memory: dict[str, Any]
    jobs: tuple[SpotJob, ...] = ()
    failures: int = 0
    tokens_at_failure: int = 0
    is_handed_over: bool = False

    @property
    def open_jobs(self) -> tuple[SpotJob, ...]:
        """Those that have not been settled."""
        return tuple(job for job in self.jobs if not job.is_settled)

    @property
    def current(self) -> SpotJob | None:
        """The job that is to do the work; None where there is none."""
        working = [job for job in self.open_jobs if not job.is_released]
        return working[-1] if working else None

    def remembered(self) -> SpotMemory:
        """What the policy remembers."""
        return SpotMemory.from_json(self.memory) if self.memory else SpotMemory()

    def add(self, batch_id: str, capacity: Capacity, tokens_done: int) -> SpotRecord:
        """Add a job, under the next name."""
        name = job_name(Lane.SPOT, batch_id, len(self.jobs))
        return replace(self, jobs=(*self.jobs, SpotJob(name, capacity, tokens_done)))

    def change(self, name: str, **changes: Any) -> SpotRecord:
        """Change one job."""
        jobs = (replace(job, **changes) if job.name == name else job for job in self.jobs)
        return replace(self, jobs=tuple(jobs))


class SpotRecords:
    """Reads and writes the record of one batch."""

    def __init__(self, objects: ObjectStore, layout: BatchLayout) -> None:
        self._objects = objects
        self._uri = layout.lane_state(Lane.SPOT)
        self._known: SpotRecord | None = None

    def load(self, begin: Callable[[], SpotRecord]) -> SpotRecord:
        """Return the record, begun now where there is none."""
        if self._known is not None:
            return self._known
        if not self._objects.exists(self._uri):
            return self.save(begin())
        self._known = _RECORD.validate_json(self._objects.read_text(self._uri))
        return self._known

    def save(self, record: SpotRecord) -> SpotRecord:
        """Write the record where it has changed; before what it says is done."""
        if record != self._known:
            self._objects.write_text(self._uri, _RECORD.dump_json(record).decode())
            self._known = record
        return record


_RECORD = TypeAdapter(SpotRecord)
