"""Let idle GPUs go: endpoints reach zero, jobs stop where that is allowed.

What they cost until then is booked first, as waste; what they do not cost afterwards is a saving.
The two never count the same second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.domain.errors import EndpointUnavailable, UnknownPrice
from include.domain.gpus.idleness import Finding
from include.domain.gpus.resources import HeldInstances, ResourceKind
from include.domain.gpus.savings import Action, SavingReason, action_for, saving_of
from include.domain.money.prices import PriceBook
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.gpus.ports import GpuBook, Instances, Releases
from include.pipeline.gpus.watch_gpus import Look


@dataclass(frozen=True, slots=True)
class FreePolicy:
    """What may be done without asking.

    Attributes:
        scales: endpoints are scaled down.
        stops_jobs: idle jobs are stopped whose run goes on, too.
    """

    scales: bool = True
    stops_jobs: bool = False


@dataclass(frozen=True, slots=True)
class FreePorts:
    """What letting go needs of the world.

    Attributes:
        book_waste: books what named endpoints cost up to a moment without doing anything.
        is_emulated: whether the instances are.
    """

    instances: Instances
    book: GpuBook
    releases: Releases
    alerts: AlertBook
    prices: PriceBook
    book_waste: Callable[[Collection[str], datetime], object]
    is_emulated: bool


@dataclass(frozen=True, slots=True)
class Freed:
    """What became of one idle resource; `action` is None where it was left, and `note` says why."""

    finding: Finding
    action: Action | None
    note: str


def free_gpus(look: Look, policy: FreePolicy, ports: FreePorts) -> list[Freed]:
    """Act on what a look has found idle, and post what has to be left.

    Raises:
        EndpointUnavailable: SageMaker refused something, or the price book lacks an instance;
            everything else has been done.
        StoreError: the database does not answer.
    """
    freed, failures = [], []
    for finding in look.idle:
        try:
            freed.append(_free(finding, look, policy, ports))
        except (EndpointUnavailable, UnknownPrice) as exc:
            failures.append(str(exc))
            ports.alerts.post(_alert(finding, f"it could not be let go: {exc}", look.at))
    if failures:
        raise EndpointUnavailable(" | ".join(failures))
    return freed


def _free(finding: Finding, look: Look, policy: FreePolicy, ports: FreePorts) -> Freed:
    resource = finding.resource
    allowed = policy.stops_jobs or _run_has_ended(resource, look, ports.releases)
    action = action_for(finding, may_stop=resource.kind.is_job and allowed)
    if action is None or not (policy.scales or resource.kind.is_job):
        note = _why_left(resource, policy)
        ports.alerts.post(_alert(finding, note, look.at))
        return Freed(finding, None, note)
    price = ports.prices.instance(resource.instance_type)
    if not resource.kind.is_job:
        ports.book_waste([resource.resource_id], look.at)
    ports.instances.release(resource, action)
    saving = saving_of(
        resource,
        action,
        SavingReason.QUIET_HOURS if finding.is_quiet else SavingReason.IDLE,
        since=finding.since or look.at,
        at=look.at,
        usd_per_hour=price.usd,
        is_emulated=ports.is_emulated,
    )
    ports.book.put_saving(saving)
    return Freed(finding, action, f"saves ${saving.usd_per_hour:.3f} an hour at list price")


def _run_has_ended(resource: HeldInstances, look: Look, releases: Releases) -> bool:
    if resource.is_unrecorded:
        return False
    if resource.batch_id is not None:
        return resource.batch_id not in {batch.batch_id for batch in look.running}
    if resource.release_id is not None:
        return resource.release_id not in releases.open_releases([resource.release_id])
    return False


def _why_left(resource: HeldInstances, policy: FreePolicy) -> str:
    if resource.kind.is_job:
        return "its run goes on, and idle jobs of such runs are not stopped"
    if not policy.scales:
        return "scaling is switched off"
    return "a real-time endpoint keeps one instance unless it has inference components"


def _alert(finding: Finding, note: str, at: datetime) -> Alert:
    resource = finding.resource
    what = f"{resource.kind.words} {resource.resource_id}"
    steps = {
        ResourceKind.ENDPOINT: "Delete the endpoint, or move the model to an asynchronous one.",
        ResourceKind.ASYNC_ENDPOINT: "Set TWOLANE_GPU_SCALES_ENDPOINTS, or scale it to zero.",
    }
    return Alert(
        kind=AlertKind.IDLE_GPU,
        subject=resource.resource_id,
        title=f"Idle GPUs: {what}",
        detail=f"{resource.instances} x {resource.instance_type}: {finding.reason}; {note}.",
        next_step=steps.get(
            resource.kind, "Look at the job's log; stop it, or set TWOLANE_GPU_STOPS_JOBS."
        ),
        at=at,
        batch_id=resource.batch_id,
    )
