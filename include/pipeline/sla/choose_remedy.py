"""What is to be done for a batch at risk on its lane, and whether its account has money for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.curves.lane_curve import LaneCurve
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import Placement
from include.domain.sla.forecast import Forecast
from include.domain.sla.remedies import Remedy, SlaPolicy, remedy
from include.domain.sla.remedy_cost import ONE_START, remedy_cost_usd
from include.pipeline.lanes.wish import LaneWish
from include.pipeline.money.budget_gate import BudgetGate
from include.pipeline.sla.look_at_batch import BatchLook
from include.pipeline.sla.ports import DueBatch


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A batch on its lane that will probably be late.

    Attributes:
        placement: as in `look`.
        wish: what its lane has been asked for already.
    """

    due: DueBatch
    look: BatchLook
    placement: Placement
    wish: LaneWish
    forecast: Forecast


def choose_remedy(
    batch: AtRisk,
    now: datetime,
    policy: SlaPolicy,
    profiles: Sequence[LaneProfile],
    curve: LaneCurve,
) -> Remedy | None:
    """Return what is to be done for a batch; see `include.domain.sla.remedies`."""
    lane, most, forecast = batch.placement.lane, batch.look.left, batch.forecast
    if lane is Lane.ASYNC_ENDPOINT:
        most = min(most, *(each.max_instances for each in profiles if each.lane is lane))
    loading_s = forecast.left_s - forecast.lane_left_s
    return remedy(
        lane,
        forecast,
        policy,
        instances=max(batch.placement.instance_count, batch.wish.instances),
        most=most,
        start_s=curve.latency.seconds(ONE_START),
        time_left_s=(batch.due.deadline_at - now).total_seconds() - loading_s,
        has_left_spot=batch.wish.leaves_spot,
    )


def refusal_of(
    batch: AtRisk,
    chosen: Remedy,
    profiles: Sequence[LaneProfile],
    curve: LaneCurve,
    budgets: BudgetGate,
) -> str:
    """Set a remedy's money aside; return why the account's budget has none for it, or nothing."""
    placement, due = batch.placement, batch.due
    (profile,) = (each for each in profiles if each.lane is placement.lane)
    more_usd = remedy_cost_usd(
        chosen,
        curve,
        batch.forecast,
        placed_instances=placement.instance_count,
        usd_per_h=profile.on_demand_price_usd_per_h,
    )
    return budgets.admit_more(
        placement.list_cost_usd + more_usd, account_id=due.account, batch_id=due.batch_id
    )
