"""Charges, in the terms of the FinOps Open Cost and Usage Specification (FOCUS)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from include.domain.lanes import Lane


class Capacity(StrEnum):
    """On what terms an instance was held."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"


class Waste(StrEnum):
    """Why paid time gave no prediction."""

    COLD_START = "cold_start"
    INTERRUPTED = "interrupted"
    IDLE = "idle"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Charge:
    """What one piece of work cost.

    Attributes:
        charge_id: deterministic, so that a retry books it once.
        pricing_quantity: billable hours of the instance.
        list_cost: USD at list price.
        billed_cost: USD on a bill; 0 for emulated work, which nobody bills.
        is_emulated: whether the work ran on an emulated service, its list cost being then what
            the emulated duration would have cost and no cloud bill.
        charge_period_start: timezone-aware.
        charge_period_end: timezone-aware.
        billable_s: instance seconds that are billed, over all instances.
        capacity: spot or on demand.
        waste_cost: the part of `list_cost` that gave no prediction, in USD by reason.
    """

    charge_id: str
    batch_id: str
    lane: Lane
    resource_id: str
    sku: str
    pricing_quantity: float
    list_cost: float
    billed_cost: float
    is_emulated: bool
    charge_period_start: datetime
    charge_period_end: datetime
    billable_s: float
    capacity: Capacity = Capacity.ON_DEMAND
    waste_cost: Mapping[Waste, float] = field(default_factory=dict)

    @property
    def total_waste_cost(self) -> float:
        """USD of `list_cost` that gave no prediction."""
        return sum(self.waste_cost.values())


def lane_charge(
    *,
    batch_id: str,
    lane: Lane,
    resource_id: str,
    sku: str,
    price_usd_per_h: float,
    instance_count: int,
    started_at: datetime,
    ended_at: datetime,
    is_emulated: bool,
    billable_s: float | None = None,
    capacity: Capacity = Capacity.ON_DEMAND,
    waste_s: Mapping[Waste, float] | None = None,
) -> Charge:
    """Return the charge of a batch's time on its lane's instances.

    Args:
        price_usd_per_h: list price of one instance. For a spot job too it is the price on
            demand: the seconds that SageMaker calls billable have the discount taken off.
        billable_s: instance seconds that are billed, over all instances; None where that is the
            whole period on every instance.
        waste_s: the part of them that gave no prediction, by reason; cut to what is billed, in
            the order given.

    Raises:
        ValueError: the period ends before it starts.
    """
    seconds = (ended_at - started_at).total_seconds()
    if seconds < 0:
        raise ValueError(f"charge of {resource_id} ends {-seconds} s before it starts")
    billed_s = seconds * instance_count if billable_s is None else billable_s
    price_usd_per_s = price_usd_per_h / 3600
    list_cost = billed_s * price_usd_per_s
    return Charge(
        charge_id=f"{batch_id}/{lane.value}/{resource_id}",
        batch_id=batch_id,
        lane=lane,
        resource_id=resource_id,
        sku=sku,
        pricing_quantity=billed_s / 3600,
        list_cost=list_cost,
        billed_cost=0.0 if is_emulated else list_cost,
        is_emulated=is_emulated,
        charge_period_start=started_at,
        charge_period_end=ended_at,
        billable_s=billed_s,
        capacity=capacity,
        waste_cost={
            reason: wasted_s * price_usd_per_s
            for reason, wasted_s in _within(waste_s or {}, billed_s).items()
        },
    )


def _within(waste_s: Mapping[Waste, float], billed_s: float) -> dict[Waste, float]:
    """Cut the parts to the whole; parts of nothing are left out."""
    left_s, kept = billed_s, {}
    for reason, wasted_s in waste_s.items():
        part_s = min(max(wasted_s, 0.0), left_s)
        if part_s > 0:
            kept[reason] = part_s
            left_s -= part_s
    return kept
