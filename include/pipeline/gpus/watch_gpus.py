"""Look at everything of ours that holds GPUs; nothing is changed but the record of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.gpus.idleness import Finding, IdlePolicy, Standing, judge
from include.domain.gpus.resources import HeldInstances
from include.domain.gpus.savings import count
from include.domain.lanes import Lane
from include.pipeline.gpus.ports import GpuBook, GpuMetrics, Instances, RunningBatch


@dataclass(frozen=True, slots=True)
class WatchPorts:
    """What looking needs of the world.

    Attributes:
        is_emulated: whether the instances are.
    """

    instances: Instances
    metrics: GpuMetrics
    book: GpuBook
    is_emulated: bool


@dataclass(frozen=True, slots=True)
class Look:
    """Everything seen at once.

    Attributes:
        findings: one for each resource with GPUs.
        running: the batches under way.
    """

    at: datetime
    findings: Sequence[Finding]
    running: Sequence[RunningBatch]

    @property
    def idle(self) -> Sequence[Finding]:
        """What does nothing."""
        return [each for each in self.findings if each.standing is Standing.IDLE]


def watch_gpus(policy: IdlePolicy, now: datetime, ports: WatchPorts) -> Look:
    """Judge every resource with GPUs, keep a sample of each, and count savings on.

    Raises:
        EndpointUnavailable: SageMaker or CloudWatch does not answer.
        StoreError: the database does not answer.
    """
    held = ports.instances.held()
    running = ports.book.running()
    findings = [
        judge(
            each,
            ports.metrics.readings(each, policy, now),
            policy,
            has_batch=_has_batch(each, running, ports.instances),
            now=now,
        )
        for each in held
        if each.has_gpus
    ]
    ports.book.add_samples(findings, at=now, is_emulated=ports.is_emulated)
    _count_savings(held, now, ports.book)
    return Look(now, findings, running)


def _has_batch(
    resource: HeldInstances, running: Collection[RunningBatch], instances: Instances
) -> bool:
    """Whether a batch is under way that sends, or may yet send, requests to an endpoint."""
    if resource.kind.is_job:
        return False
    version = instances.version(resource)
    return any(
        batch.version == version and batch.lane in (None, Lane.ASYNC_ENDPOINT) for batch in running
    )


def _count_savings(held: Collection[HeldInstances], now: datetime, book: GpuBook) -> None:
    settled = {each.resource_id: each for each in held if each.is_settled}
    for saving in book.open_savings():
        found = settled.get(saving.resource_id)
        has_more = found is not None and found.instances > saving.action.instances_left
        back_at = (found.working_since or now) if found is not None and has_more else None
        book.put_saving(count(saving, back_at, now))
