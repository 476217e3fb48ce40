"""Jobs and endpoints of ours that nobody owns any more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.domain.gpus.resources import HeldInstances


@dataclass(frozen=True, slots=True)
class Owners:
    """Who could own something.

    Attributes:
        batches: that are under way.
        releases: that are under way, of those which jobs name.
        endpoints: names of endpoints whose version the registry has.
    """

    batches: Collection[str]
    releases: Collection[str]
    endpoints: Collection[str]


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something without an owner; `reason` says why that is thought."""

    resource: HeldInstances
    reason: str


def find_orphans(
    resources: Collection[HeldInstances], owners: Owners, *, grace_s: float, now: datetime
) -> list[Orphan]:
    """Return what nobody owns, youngest things left out: their owner may be about to say so.

    Args:
        grace_s: nothing younger is an orphan.
    """
    youngest = now - timedelta(seconds=grace_s)
    found = []
    for resource in resources:
        reason = _without_owner(resource, owners)
        if reason and resource.made_at <= youngest:
            found.append(Orphan(resource, reason))
    return found


def _without_owner(resource: HeldInstances, owners: Owners) -> str:
    """Return why nobody owns it; empty where somebody does."""
    if not resource.kind.is_job:
        is_known = resource.resource_id in owners.endpoints
        return "" if is_known else "the registry has no version that it serves"
    if resource.is_unrecorded:
        return ""
    if resource.batch_id is not None:
        is_running = resource.batch_id in owners.batches
        return "" if is_running else f"batch {resource.batch_id} is not under way"
    if resource.release_id is not None:
        is_open = resource.release_id in owners.releases
        return "" if is_open else f"release {resource.release_id} is not under way"
    return "it bears the tag of no batch and no release"
