"""What can be done for a batch that will be late."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from include.domain.lanes import Lane
from include.domain.sla.events import Action
from include.domain.sla.forecast import Forecast

USED_SHARE = 0.7
"""Of the time that is left, instances that are added are to be done within this share."""

JOB_LANES = frozenset({Lane.PROCESSING, Lane.TRANSFORM})


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """When something is done, and what may be.

    Attributes:
        risk: miss probability from which a batch is at risk.
        actions: what may be done unasked.
        max_instances: instances that a batch at risk may be spread over.
    """

    risk: float
    actions: Collection[Action]
    max_instances: int


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do.

    Attributes:
        instances: of `ADD_INSTANCES`, how many are to work for the batch in all.
    """

    action: Action
    instances: int = 0


def remedy(
    lane: Lane,
    forecast: Forecast,
    policy: SlaPolicy,
    *,
    instances: int,
    most: int,
    start_s: float,
    time_left_s: float,
    has_left_spot: bool = False,
) -> Remedy | None:
    """Return what is to be done; None where nothing may be, helps, or is left to do.

    Args:
        instances: that work for the batch now, or were asked for.
        most: the most that can; instances that nobody has work for are not started.
        start_s: until an added instance works.
        time_left_s: seconds that are left for the lane.
        has_left_spot: on demand was asked for already.
    """
    if time_left_s <= 0:
        return None
    if lane is Lane.SPOT and Action.LEAVE_SPOT in policy.actions and not has_left_spot:
        return Remedy(Action.LEAVE_SPOT)
    can_grow = lane in JOB_LANES | {Lane.ASYNC_ENDPOINT}
    if not can_grow or Action.ADD_INSTANCES not in policy.actions:
        return None
    limit = min(policy.max_instances, most)
    usable_s = USED_SHARE * time_left_s - start_s
    work_s = forecast.lane_left_at_worst_s * instances
    wanted = math.ceil(work_s / usable_s) if usable_s > 0 else limit
    wanted = min(max(wanted, instances + 1), limit)
    return Remedy(Action.ADD_INSTANCES, wanted) if wanted > instances else None
