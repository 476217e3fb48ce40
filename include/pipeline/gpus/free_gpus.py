"""Let idle GPUs go: endpoints reach zero, jobs stop where that is allowed.

What they cost until then is booked first, as waste; what they do not cost afterwards is a saving.
The two never count the same second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from include.domain.errors import EndpointUnavailable
from include.domain.gpus.idleness import Finding
from include.domain.gpus.savings import Action, SavingReason, saving_of
from include.domain.money.prices import PriceBook
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.gpus.ports import GpuBook, Instances, Releases
from include.pipeline.gpus.sift_idle import Freeable, FreePolicy, Left, post_idle, sift_idle
from include.pipeline.gpus.watch_gpus import Look


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
        EndpointUnavailable: SageMaker refused something; everything else has been done.
        RegistryUnavailable: MLflow does not say which releases are under way.
        StoreError: the database does not answer.
    """
    freed, failures = [], []
    sifted = sift_idle(
        look, policy, releases=ports.releases, prices=ports.prices, alerts=ports.alerts
    )
    for each in sifted:
        if isinstance(each, Left):
            freed.append(Freed(each.finding, None, each.note))
            continue
        try:
            freed.append(_free(each, look.at, ports))
        except EndpointUnavailable as exc:
            failures.append(str(exc))
            post_idle(each.finding, f"it could not be let go: {exc}", look.at, ports.alerts)
    if failures:
        raise EndpointUnavailable(" | ".join(failures))
    return freed


def _free(found: Freeable, at: datetime, ports: FreePorts) -> Freed:
    finding, resource = found.finding, found.finding.resource
    if not resource.kind.is_job:
        ports.book_waste([resource.resource_id], at)
    ports.instances.release(resource, found.action)
    saving = saving_of(
        resource,
        found.action,
        SavingReason.QUIET_HOURS if finding.is_quiet else SavingReason.IDLE,
        since=finding.since or at,
        at=at,
        usd_per_hour=found.price.usd,
        is_emulated=ports.is_emulated,
    )
    ports.book.put_saving(saving)
    return Freed(finding, found.action, f"saves ${saving.usd_per_hour:.3f} an hour at list price")
