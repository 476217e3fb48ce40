"""What a remedy costs is its starts, or the rest of the work at the price on demand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from include.domain.curves.lane_curve import LaneCurve
from include.domain.lanes import Lane
from include.domain.sla.events import Action
from include.domain.sla.forecast import Forecast
from include.domain.sla.remedies import Remedy
from include.domain.sla.remedy_cost import remedy_cost_usd
from tests.support.batches import profile

FORECAST = Forecast(left_s=1000.0, miss_probability=0.9, lane_left_s=900.0)


def test_added_instances_cost_their_starts_and_tails() -> None:
    lane = profile(Lane.TRANSFORM, cold_start_s=300.0, price_usd_per_h=3.6)
    lane = replace(lane, start_billed=True, tail_s=60.0)
    curve = LaneCurve.assumed(lane, "m")

    def cost(instances: int) -> float:
        chosen = Remedy(Action.ADD_INSTANCES, instances)
        return remedy_cost_usd(chosen, curve, FORECAST, placed_instances=2, usd_per_h=3.6)

    assert cost(4) == pytest.approx(2 * 360 * 0.001)
    assert cost(2) == 0.0


def test_leaving_spot_costs_a_start_and_the_rest_at_the_price_on_demand() -> None:
    lane = profile(Lane.SPOT, cold_start_s=300.0, price_usd_per_h=1.08)
    lane = replace(lane, on_demand_usd_per_h=3.6)

    chosen = Remedy(Action.LEAVE_SPOT)
    usd = remedy_cost_usd(
        chosen, LaneCurve.assumed(lane, "m"), FORECAST, placed_instances=1, usd_per_h=3.6
    )

    assert usd == pytest.approx((300 + 900) * 0.001)
