"""The express path: a small batch from its file to both stores in one process.

The steps are those of every batch, in the same order, with the same records: a process that dies
is followed by another that goes on, here or, step by step, in the larger pipeline.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from include.domain.batches.manifests import BatchManifest, Submission
from include.domain.lanes import Lane
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.records import Collection, LaneRun, Validation
from include.pipeline.ports.stores import BatchClosure


class Steps(Protocol):
    """The steps of a batch, each a use case that is safe to repeat."""

    def submitted_bytes(self, submission: Submission) -> int:
        """Return what the submitted files weigh."""
        ...

    def pull(self, submission: Submission, *, run_id: str) -> BatchManifest:
        """Freeze the submission."""
        ...

    def validate(self, batch_id: str) -> Validation:
        """Set poison documents aside."""
        ...

    def route(self, batch_id: str) -> Placement:
        """Choose the lane."""
        ...

    def run_serverless(self, batch_id: str) -> LaneRun:
        """Classify on the serverless lane."""
        ...

    def collect(self, batch_id: str) -> Collection:
        """Count and check the output."""
        ...

    def load_write_store(self, batch_id: str) -> datetime:
        """Load DynamoDB; return when it was done."""
        ...

    def load_read_store(self, batch_id: str) -> datetime:
        """Load Aurora; return when it was done."""
        ...

    def close(self, batch_id: str, *, loaded_at: datetime) -> BatchClosure:
        """Reconcile, charge, report."""
        ...


@dataclass(frozen=True, slots=True)
class ExpressOutcome:
    """What the express path did with a submission.

    Attributes:
        batch_id: empty when the submission was too large to be looked at.
        closure: None when the batch was not for this path.
        handed_over: why it was not; empty when it was.
    """

    batch_id: str
    closure: BatchClosure | None
    handed_over: str


def run_express(
    submission: Submission,
    *,
    run_id: str,
    max_bytes: int,
    steps: Steps,
    on_pulled: Callable[[str], None],
) -> ExpressOutcome:
    """Take a small batch through every step, or say that it is one for the larger pipeline.

    Args:
        max_bytes: a submission over this is not even pulled here.
        on_pulled: is told the batch's id as soon as it has one.

    Raises:
        TwolaneError: whatever a step raises.
    """
    size_bytes = steps.submitted_bytes(submission)
    if size_bytes > max_bytes:
        why = f"{size_bytes:,} bytes are over the {max_bytes:,} of the express path"
        return ExpressOutcome("", None, why)
    batch_id = steps.pull(submission, run_id=run_id).batch_id
    on_pulled(batch_id)
    steps.validate(batch_id)
    placement = steps.route(batch_id)
    if placement.lane is not Lane.SERVERLESS:
        return ExpressOutcome(batch_id, None, placement.reason)
    steps.run_serverless(batch_id)
    steps.collect(batch_id)
    loads = (steps.load_write_store, steps.load_read_store)
    with ThreadPoolExecutor(len(loads), thread_name_prefix="load") as pool:
        loaded_at = max(pool.map(lambda load: load(batch_id), loads))
    return ExpressOutcome(batch_id, steps.close(batch_id, loaded_at=loaded_at), "")
