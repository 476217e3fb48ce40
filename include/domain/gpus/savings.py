"""What is done about idle instances, and what they have not cost since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from include.domain.gpus.idleness import Finding
from include.domain.gpus.resources import HeldInstances, ResourceKind

OWN_SCALE_IN_S = 15 * 60.0
"""Target tracking removes instances after 15 of 15 minutes below its target (AWS, Application Auto
Scaling, "Target tracking scaling policies"): an asynchronous endpoint would reach zero by itself
then."""

LONGEST_COUNT = timedelta(days=30)
"""Nobody can tell for how much longer something forgotten would have stood."""


class Action(StrEnum):
    """What is done. The value is stored."""

    SCALE_TO_ZERO = "scaled to zero"
    SCALE_TO_ONE = "scaled to one"
    STOP = "stopped"
    DELETE = "deleted"

    @property
    def instances_left(self) -> int:
        """Instances that it leaves."""
        return 1 if self is Action.SCALE_TO_ONE else 0


class SavingReason(StrEnum):
    """Why. The value is stored."""

    IDLE = "idle"
    ORPHAN = "orphan"
    QUIET_HOURS = "quiet hours"


@dataclass(frozen=True, slots=True)
class Saving:
    """Instances that were taken away.

    Attributes:
        instances: how many.
        since: since when they did nothing.
        at: when they were taken away.
        usd_per_hour: of all of them, at list price.
        is_emulated: the price is real, the instances are not: no bill is smaller for it.
        counts_until: nothing is counted past it.
        counted_to: up to when it was counted.
        ended_at: when counting ended; None while it goes on.
    """

    resource_id: str
    kind: ResourceKind
    reason: SavingReason
    action: Action
    instance_type: str
    instances: int
    since: datetime
    at: datetime
    usd_per_hour: float
    is_emulated: bool
    counts_until: datetime
    counted_to: datetime
    ended_at: datetime | None = None

    @property
    def saving_id(self) -> str:
        """Deterministic."""
        return f"{self.resource_id}/{self.at.isoformat()}"

    @property
    def list_saved_usd(self) -> float:
        """What the instances have not cost so far, at list price."""
        return self.usd_per_hour * (self.counted_to - self.at).total_seconds() / 3600


def action_for(finding: Finding, *, may_stop: bool) -> Action | None:
    """Return what is done about an idle resource; None where there is nothing that may be done.

    An asynchronous endpoint reaches zero. A real-time one cannot without inference components
    (AWS, "Scale an endpoint to zero instances"): one instance stays. A job is stopped where that
    is allowed.

    Args:
        may_stop: of a job, whether its run has ended, or the settings allow it anyway.
    """
    resource = finding.resource
    if resource.kind is ResourceKind.ASYNC_ENDPOINT:
        return Action.SCALE_TO_ZERO
    if resource.kind is ResourceKind.ENDPOINT:
        return Action.SCALE_TO_ONE if resource.instances > 1 else None
    return Action.STOP if may_stop else None


def saving_of(
    resource: HeldInstances,
    action: Action,
    reason: SavingReason,
    *,
    since: datetime,
    at: datetime,
    usd_per_hour: float,
    is_emulated: bool,
) -> Saving:
    """Return the saving of an action just taken; nothing is counted yet.

    Args:
        usd_per_hour: list price of one instance.
    """
    gone = resource.instances - action.instances_left
    return Saving(
        resource_id=resource.resource_id,
        kind=resource.kind,
        reason=reason,
        action=action,
        instance_type=resource.instance_type,
        instances=gone,
        since=since,
        at=at,
        usd_per_hour=usd_per_hour * gone,
        is_emulated=is_emulated,
        counts_until=max(at, _by_itself_at(resource, action, since, at)),
        counted_to=at,
    )


def count(saving: Saving, back_at: datetime | None, now: datetime) -> Saving:
    """Return a saving counted up to now, or to its end.

    Args:
        back_at: since when an endpoint has more instances than it was left; None where it has not.
    """
    ends = [saving.counts_until]
    if back_at is not None and not saving.kind.is_job:
        ends.append(max(back_at, saving.at))
    end = min(ends)
    if now < end:
        return replace(saving, counted_to=max(now, saving.counted_to))
    return replace(saving, counted_to=end, ended_at=end)


def _by_itself_at(
    resource: HeldInstances, action: Action, since: datetime, at: datetime
) -> datetime:
    """Return when the instances would have gone anyway, or counting has to end.

    Of an endpoint that was idle for longer than its own scaling takes, that scaling has failed.
    """
    own_at = since + timedelta(seconds=OWN_SCALE_IN_S)
    if action is Action.SCALE_TO_ZERO and own_at > at:
        return own_at
    if resource.limit_s is not None and resource.working_since is not None:
        return resource.working_since + timedelta(seconds=resource.limit_s)
    return at + LONGEST_COUNT
