"""Book what a batch has cost: every piece of work, also of attempts that failed or were stopped."""

from __future__ import annotations

from collections.abc import Sequence

from include.domain.lanes import LaneProfile
from include.domain.money.costs import lane_charge
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.stores import ReadStore


def book_charges(
    layout: BatchLayout,
    *,
    profiles: Sequence[LaneProfile],
    is_emulated: bool,
    objects: ObjectStore,
    read_store: ReadStore,
) -> None:
    """Book a charge a piece of work, once, each at the price of the lane it ran on.

    A batch that was taken off a lane is charged for what it did there.
    """
    prices = {profile.lane: profile.on_demand_price_usd_per_h for profile in profiles}
    records = BatchRecords(objects, layout)
    for run in records.lane_runs():
        lane = records.placement().lane if run.lane is None else run.lane
        read_store.record_charge(
            lane_charge(
                batch_id=layout.batch_id,
                lane=lane,
                resource_id=run.resource_id,
                sku=run.instance_type,
                price_usd_per_h=prices[lane],
                instance_count=run.instance_count,
                started_at=run.started_at,
                ended_at=run.ended_at,
                is_emulated=is_emulated,
                billable_s=run.billable_s,
                capacity=run.capacity,
                waste_s=run.waste_s,
            )
        )
