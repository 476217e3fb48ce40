"""Interruptions of spot jobs that a scenario asks for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from local_aws.faults.registry import Claim
from local_aws.faults.scenario import FaultKind, Target
from local_aws.sagemaker.concurrency import cancelled
from local_aws.sagemaker.faults.container_faults import until_due
from local_aws.sagemaker.jobs.job_context import JobContext
from local_aws.sagemaker.training_jobs.training_interruption import Interruption, Interruptions

_LOOK_S = 0.2


@contextlib.asynccontextmanager
async def interrupted_on_fault(
    context: JobContext, interruptions: Interruptions, outputs: Sequence[Path]
) -> AsyncIterator[None]:
    """While a spot job's containers run, take its capacity when a scenario says so.

    Args:
        outputs: folders of the job's hosts whose new lines count as records handled.
    """
    if not context.request.get("EnableManagedSpotTraining", False):
        yield
        return
    task = asyncio.create_task(_interrupt(context, interruptions, outputs))
    try:
        yield
    finally:
        await cancelled([task])


async def _interrupt(
    context: JobContext, interruptions: Interruptions, outputs: Sequence[Path]
) -> None:
    name, attempt = context.record.name, object()
    target = Target(resource=name, job_kind="training")
    faults = context.platform.faults
    while True:
        claim = faults.claim(FaultKind.INTERRUPT, target, key=attempt)
        if claim is None:
            await faults.changed(_LOOK_S if faults.has(FaultKind.INTERRUPT) else None)
            continue
        try:
            records = await until_due(claim, outputs)
            if records is not None:
                _fire(claim, interruptions, name, records)
                return
        finally:
            claim.release()


def _fire(claim: Claim, interruptions: Interruptions, name: str, records: int) -> None:
    fault = claim.fault
    interruptions.interrupt(name, Interruption(fault.notice_s, fault.capacity_after_s))
    claim.fire(f"interrupted after {records} records")
