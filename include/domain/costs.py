"""Charges, in the terms of the FinOps Open Cost and Usage Specification (FOCUS)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from include.domain.lanes import Lane


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
) -> Charge:
    """Return the charge of a batch's time on its lane's instances.

    Raises:
        ValueError: the period ends before it starts.
    """
    seconds = (ended_at - started_at).total_seconds()
    if seconds < 0:
        raise ValueError(f"charge of {resource_id} ends {-seconds} s before it starts")
    hours = seconds * instance_count / 3600
    list_cost = hours * price_usd_per_h
    return Charge(
        charge_id=f"{batch_id}/{lane.value}/{resource_id}",
        batch_id=batch_id,
        lane=lane,
        resource_id=resource_id,
        sku=sku,
        pricing_quantity=hours,
        list_cost=list_cost,
        billed_cost=0.0 if is_emulated else list_cost,
        is_emulated=is_emulated,
        charge_period_start=started_at,
        charge_period_end=ended_at,
    )
