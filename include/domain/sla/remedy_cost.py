"""What a remedy is expected to cost, so that a budget can be asked before it is taken."""

from __future__ import annotations

from typing import assert_never

from include.domain.curves.lane_curve import LaneCurve
from include.domain.sla.events import Action
from include.domain.sla.forecast import Forecast
from include.domain.sla.remedies import Remedy

ONE_START = (1.0, 0.0, 0.0)


def remedy_cost_usd(
    remedy: Remedy,
    curve: LaneCurve,
    forecast: Forecast,
    *,
    placed_instances: int,
    usd_per_h: float,
) -> float:
    """Return the list cost that a remedy adds to what its batch was placed for, in USD.

    Instances that are added share the work that was there; what they add is their starts and
    tails. Leaving spot adds a start and the rest of the work at the price on demand; what spot was
    expected to take of that rest is not taken off, for it may have been spent.

    Args:
        curve: of the batch's lane.
        placed_instances: that the batch was placed on; all beyond them are added.
        usd_per_h: list price on demand of one instance.
    """
    match remedy.action:
        case Action.ADD_INSTANCES:
            added = max(0, remedy.instances - placed_instances)
            billed_s = added * curve.billed.seconds(ONE_START)
        case Action.LEAVE_SPOT:
            billed_s = curve.latency.seconds(ONE_START) + forecast.lane_left_s
        case _:
            assert_never(remedy.action)
    return billed_s * usd_per_h / 3600
