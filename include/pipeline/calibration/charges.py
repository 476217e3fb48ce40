"""What a probe cost: instance time, as a lane's, and all of it waste, since no one is answered."""

from __future__ import annotations

from collections.abc import Sequence

from include.domain.lanes import LaneProfile
from include.domain.model_ref import ModelRef
from include.domain.money.prices import lane_price
from include.domain.money.usage import Owner, Period, UsageCharge, UsageKind, usage_charge
from include.pipeline.batch_objects.records import LaneRun


def probe_charges(
    runs: Sequence[LaneRun],
    *,
    batch_id: str,
    model: ModelRef,
    profile: LaneProfile,
    is_emulated: bool,
) -> list[UsageCharge]:
    """Return a charge a piece of work, at the price on demand of the lane."""
    return [
        usage_charge(
            kind=UsageKind.CALIBRATION,
            owner=Owner(None, None, model.name, model.version),
            resource_id=run.resource_id,
            price=lane_price(
                run.instance_type, profile.on_demand_price_usd_per_h, run.started_at.date()
            ),
            quantity=run.billed_s / 3600,
            period=Period(run.started_at, max(run.started_at, run.ended_at)),
            is_emulated=is_emulated,
            waste_share=1.0,
            charge_id=f"{batch_id}/{UsageKind.CALIBRATION.value}/{run.resource_id}",
        )
        for run in runs
    ]
