"""When a batch's steps ran, in seconds from its submission."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from benchmarks.harness import Harness

_BATCH = "SELECT submitted_at, closed_at FROM batches WHERE batch_id = %s"
_WORK = """
SELECT min(charge_period_start), max(charge_period_end) FROM charges WHERE x_batch_id = %s
"""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, seconds from the batch's submission."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where a batch's time went.

    Attributes:
        elapsed_s: from submission until both stores had every row.
        lane: the paid work, from the job's or the calls' start to their end.
        tasks: of the run, in order of their start; those that were skipped are left out.
    """

    elapsed_s: float
    lane: Span
    tasks: tuple[Span, ...]

    @property
    def before_s(self) -> float:
        """Seconds until the lane began: pull, validate, route, and the start of tasks and job."""
        return self.lane.start_s

    @property
    def behind_s(self) -> float:
        """Seconds from the lane's end until both stores had every row."""
        return self.elapsed_s - self.lane.end_s


def read_timeline(harness: Harness, database_url: str, batch_id: str, run_id: str) -> Timeline:
    """Read when what ran.

    Raises:
        RuntimeError: the batch is not closed, or nothing was charged for it.
    """
    with psycopg.connect(database_url) as connection:
        batch: Any = connection.execute(_BATCH, [batch_id]).fetchone()
        work: Any = connection.execute(_WORK, [batch_id]).fetchone()
    if batch is None or batch[1] is None or work[0] is None:
        raise RuntimeError(f"batch {batch_id} is not closed or has no charge: {batch} {work}")
    submitted: datetime = batch[0]

    def span(name: str, start: datetime, end: datetime) -> Span:
        return Span(name, (start - submitted).total_seconds(), (end - submitted).total_seconds())

    times = harness.submitter.api.task_times(harness.submitter.dag_of(run_id), run_id)
    tasks = [span(name, start, end) for name, (start, end) in times.items()]
    return Timeline(
        elapsed_s=(batch[1] - submitted).total_seconds(),
        lane=span("lane", work[0], work[1]),
        tasks=tuple(sorted(tasks, key=lambda task: task.start_s)),
    )
