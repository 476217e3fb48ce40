"""Find jobs and endpoints that nobody owns, post them, and stop them where that is allowed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.domain.errors import EndpointUnavailable, UnknownPrice
from include.domain.gpus.orphans import Orphan, Owners, find_orphans
from include.domain.gpus.resources import HeldInstances
from include.domain.gpus.savings import Action, SavingReason, saving_of
from include.domain.money.prices import PriceBook
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.gpus.ports import GpuBook, Instances, Releases


@dataclass(frozen=True, slots=True)
class OrphanPolicy:
    """What an orphan is, and what becomes of it.

    Attributes:
        grace_s: nothing younger is one.
        stops: jobs are stopped and endpoints deleted; else they are posted alone.
    """

    grace_s: float
    stops: bool


@dataclass(frozen=True, slots=True)
class OrphanPorts:
    """What it needs of the world.

    Attributes:
        book_waste: books what named endpoints cost up to a moment without doing anything.
    """

    instances: Instances
    book: GpuBook
    releases: Releases
    alerts: AlertBook
    prices: PriceBook
    book_waste: Callable[[Collection[str], datetime], object]
    is_emulated: bool


def clear_orphans(policy: OrphanPolicy, now: datetime, ports: OrphanPorts) -> list[Orphan]:
    """Return the orphans, each posted, and gone where the policy says so.

    Raises:
        EndpointUnavailable: SageMaker refused something; everything else has been done.
        UnknownPrice: nobody can say what stopping something saves; everything has been done.
        RegistryUnavailable: MLflow does not say what it has.
        StoreError: the database does not answer.
    """
    orphans = orphans_now(policy, now, ports)
    failures, unpriced = [], []
    for orphan in orphans:
        ports.alerts.post(_alert(orphan, policy, now))
        if policy.stops:
            try:
                _stop(orphan, now, ports)
            except EndpointUnavailable as exc:
                failures.append(str(exc))
            except UnknownPrice as exc:
                unpriced.append(f"{orphan.resource.resource_id}: {exc}")
    if failures:
        raise EndpointUnavailable(" | ".join([*failures, *unpriced]))
    if unpriced:
        raise UnknownPrice(" | ".join(unpriced))
    return orphans


def orphans_now(policy: OrphanPolicy, now: datetime, ports: OrphanPorts) -> list[Orphan]:
    """Return what nobody owns, and change nothing.

    Raises:
        EndpointUnavailable: SageMaker does not answer.
        RegistryUnavailable: MLflow does not say what it has.
        StoreError: the database does not answer.
    """
    held = ports.instances.held()  # first: a batch that begins from now on owns nothing of it
    return find_orphans(held, _owners(held, ports), grace_s=policy.grace_s, now=now)


def _owners(held: Sequence[HeldInstances], ports: OrphanPorts) -> Owners:
    versions = {
        each.resource_id: ports.instances.version(each) for each in held if not each.kind.is_job
    }
    known = {key for key in versions.values() if key and ports.releases.has_version(key)}
    named = {each.release_id for each in held if each.release_id is not None}
    return Owners(
        batches={batch.batch_id for batch in ports.book.running()},
        releases=ports.releases.open_releases(named) if named else set(),
        endpoints={name for name, key in versions.items() if key in known},
    )


def _stop(orphan: Orphan, now: datetime, ports: OrphanPorts) -> None:
    """Stop or delete; of what has no price that is all, and `UnknownPrice` says so."""
    resource = orphan.resource
    action = Action.STOP if resource.kind.is_job else Action.DELETE
    if not (resource.instances and resource.instance_type):
        ports.instances.release(resource, action)
        return
    try:
        price = ports.prices.instance(resource.instance_type)
    except UnknownPrice:
        ports.instances.release(resource, action)
        raise
    if not resource.kind.is_job:
        ports.book_waste([resource.resource_id], now)
    ports.instances.release(resource, action)
    ports.book.put_saving(
        saving_of(
            resource,
            action,
            SavingReason.ORPHAN,
            since=resource.working_since or resource.made_at,
            at=now,
            usd_per_hour=price.usd,
            is_emulated=ports.is_emulated,
        )
    )


def _alert(orphan: Orphan, policy: OrphanPolicy, now: datetime) -> Alert:
    resource = orphan.resource
    held = f"{resource.instances} x {resource.instance_type or 'serverless'}"
    by_hand = "Stop it, or set TWOLANE_ORPHANS_STOP to have such things stopped."
    return Alert(
        kind=AlertKind.ORPHAN,
        subject=resource.resource_id,
        title=f"Nobody owns {resource.kind.words} {resource.resource_id}",
        detail=f"{held} since {resource.made_at:%Y-%m-%d %H:%M} UTC: {orphan.reason}.",
        next_step="It is being stopped: see that it ends." if policy.stops else by_hand,
        at=now,
        batch_id=resource.batch_id,
    )
