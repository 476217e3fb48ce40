"""Foresee: which running batches will miss their deadline, and do what may be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from include.domain.alerts import AlertKind
from include.domain.curves.lane_curve import LaneCurve
from include.domain.errors import NoFeasibleLane, ObjectMissing
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import place
from include.domain.sla.events import Action, SlaEvent
from include.domain.sla.forecast import Forecast, forecast_lane, forecast_loading
from include.domain.sla.remedies import SlaPolicy
from include.domain.sla.stages import Stage
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.wish import LaneWish, LaneWishes
from include.pipeline.money.budget_gate import BudgetGate
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.sla.choose_remedy import AtRisk, choose_remedy, refusal_of
from include.pipeline.sla.look_at_batch import BatchLook, look_at_batch
from include.pipeline.sla.ports import DueBatch, SlaBook
from include.pipeline.sla.risk_event import risk_alert, risk_event
from include.pipeline.sla.unreadable import UNREADABLE, post_unreadable


@dataclass(frozen=True, slots=True)
class ForeseePorts:
    """What foreseeing needs of the world.

    Attributes:
        curves: what is believed of each lane for a model, by the model's name.
        budgets: asked before anything that costs is done.
    """

    objects: ObjectStore
    book: SlaBook
    alerts: AlertBook
    curves: Callable[[str], Mapping[Lane, LaneCurve]]
    budgets: BudgetGate


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes as they are configured.

    Attributes:
        loading_documents_per_s: what collecting and loading are expected to do.
    """

    profiles: Sequence[LaneProfile]
    loading_documents_per_s: float


def foresee_misses(
    layout_of: Callable[[str], BatchLayout],
    *,
    now: datetime,
    policy: SlaPolicy,
    lanes: Lanes,
    ports: ForeseePorts,
) -> list[SlaEvent]:
    """Look at every running batch whose deadline is still ahead.

    A batch at risk is posted once. What is done for it is wished of its lane's driver; if that is
    not enough, more is; nothing is that its account's budget has no money for. One whose records
    cannot be read is posted, and skipped. Safe to call at any time and from several processes.

    Returns:
        What is new: risks, and what was done about them.
    """
    found = []
    for due in ports.book.running():
        if due.deadline_at <= now:
            continue
        try:
            found += _foresee(layout_of(due.batch_id), due, now, policy, lanes, ports)
        except UNREADABLE as exc:
            said = "is not watched: nobody foresees whether it will be late"
            post_unreadable(due, AlertKind.DEADLINE_RISK, said, exc, now, ports.alerts)
    return found


def _foresee(
    layout: BatchLayout,
    due: DueBatch,
    now: datetime,
    policy: SlaPolicy,
    lanes: Lanes,
    ports: ForeseePorts,
) -> list[SlaEvent]:
    look = look_at_batch(
        layout,
        submitted_at=due.submitted_at,
        closed_at=None,
        loading_documents_per_s=lanes.loading_documents_per_s,
        objects=ports.objects,
    )
    try:
        manifest = BatchRecords(ports.objects, layout).manifest()
    except ObjectMissing:
        return []  # it is being pulled
    if Stage.VALIDATE not in look.timeline.done_at:
        look = replace(look, shards=manifest.shards)  # faulty rows included: most are sound
    curves = ports.curves(manifest.model.name)
    wish = _wish(look, layout, ports)
    forecast = _forecast(look, wish, due, now, curves, lanes)
    if forecast is None or forecast.miss_probability < policy.risk:
        return []
    chosen, refusal = None, ""
    if look.placement is not None and wish is not None:
        at_risk = AtRisk(due, look, look.placement, wish, forecast)
        curve = curves[look.placement.lane]
        chosen = choose_remedy(at_risk, now, policy, lanes.profiles, curve)
        if chosen is not None:
            refusal = refusal_of(at_risk, chosen, lanes.profiles, curve, ports.budgets)
            chosen = None if refusal else chosen
    if chosen is None and ports.book.events(due.batch_id):
        return []
    event = risk_event(look, forecast, due, now, chosen, refusal)
    # The wish comes last: where a step before it fails, the next look does all of it again.
    ports.alerts.post(risk_alert(event, due))
    ports.book.note(event)
    if wish is not None and chosen is not None:
        is_left = wish.leaves_spot or chosen.action is Action.LEAVE_SPOT
        wanted = LaneWish(wish.lane, chosen.instances or wish.instances, is_left, now)
        LaneWishes(ports.objects, layout).save(wanted)
    return [event]


def _wish(look: BatchLook, layout: BatchLayout, ports: ForeseePorts) -> LaneWish | None:
    """Return what its lane has been asked for; None while the batch is on none."""
    if look.placement is None or Stage.LANE in look.timeline.done_at:
        return None
    return LaneWishes(ports.objects, layout).of(look.placement.lane)


def _forecast(
    look: BatchLook,
    wish: LaneWish | None,
    due: DueBatch,
    now: datetime,
    curves: Mapping[Lane, LaneCurve],
    lanes: Lanes,
) -> Forecast | None:
    """Return what is expected; None where nothing can be said.

    What was asked of a lane changes its pace: from then on it is judged by what was left to it.
    """
    time_left_s = (due.deadline_at - now).total_seconds()
    loading_s = look.documents / lanes.loading_documents_per_s * (1 - look.loaded_share)
    if Stage.LANE in look.timeline.done_at:
        return forecast_loading(loading_s, time_left_s=time_left_s)
    if look.placement is None or wish is None:
        return _unplaced(look, time_left_s, loading_s, curves, lanes)
    curve = curves.get(look.placement.lane)
    if curve is None:
        return None
    since = wish.at or look.timeline.done_at[Stage.ROUTE]
    work = look.lane_work(max(look.placement.instance_count, wish.instances), since, now)
    return forecast_lane(curve, work, time_left_s=time_left_s, loading_s=loading_s)


def _unplaced(
    look: BatchLook,
    time_left_s: float,
    loading_s: float,
    curves: Mapping[Lane, LaneCurve],
    lanes: Lanes,
) -> Forecast | None:
    """Return what the router would expect of the batch now; None where no lane would take it."""
    if not look.shards:
        return None
    try:
        placement = place(
            documents=look.documents,
            tokens=look.tokens,
            time_left_s=time_left_s,
            profiles=lanes.profiles,
            loading_s=loading_s,
            curves=curves,
        )
    except NoFeasibleLane:
        return None
    (chosen,) = (each for each in placement.alternatives if each.lane is placement.lane)
    return Forecast(
        placement.latency_s + loading_s, chosen.miss_probability or 0.0, placement.latency_s
    )
