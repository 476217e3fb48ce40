"""Route: ask the router, and record its answer with its reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import Placement, place
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.curves.learn_curves import Knowledge
from include.pipeline.lanes.health import LaneView, LaneWatch
from include.pipeline.money.budget_gate import BudgetGate
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.stores import ReadStore

LEASE_FACTOR = 3
"""A probe has this many times its estimate to answer before another batch may try the lane."""


def route_batch(
    layout: BatchLayout,
    *,
    now: datetime,
    profiles: Sequence[LaneProfile],
    loading_documents_per_s: float,
    objects: ObjectStore,
    read_store: ReadStore,
    watch: LaneWatch,
    leave: Callable[[Lane], None],
    warm: Callable[[], Collection[Lane]] = frozenset,
    known: Callable[[str], Knowledge] = lambda model_name: Knowledge({}),
    budgets: BudgetGate | None = None,
) -> Placement:
    """Place a validated batch on a lane that is not open.

    A batch that was placed before keeps its lane, unless that lane is open now and has given no
    output yet: then what works for it there is stopped, and it is placed anew.

    Args:
        leave: stops what a lane may be doing for the batch.
        warm: tells lanes that have an instance in service; asked only where that may matter,
            which it does not for a batch that the serverless lane takes.
        known: tells what is believed of the lanes for a model.

        budgets: asked before the batch is placed; None where no account has one.

    Raises:
        NoFeasibleLane: no lane admits it.
        BudgetExceeded: it would cost more than its account may spend today.
    """
    records = BatchRecords(objects, layout)
    view = watch.look(layout.batch_id)
    kept = records.placement() if objects.exists(layout.placement) else None
    if kept is not None and (
        kept.lane not in view.refused or objects.list_objects(layout.output_prefix)
    ):
        read_store.record_placement(layout.batch_id, kept)
        return kept
    manifest, validation = records.manifest(), records.validation()
    knowledge = known(manifest.model.name)

    def ask(health: Mapping[Lane, str]) -> Placement:
        cold = placed(health, ())
        return cold if cold.lane is Lane.SERVERLESS else placed(health, warm())

    def placed(health: Mapping[Lane, str], warm_lanes: Collection[Lane]) -> Placement:
        return place(
            documents=validation.document_count,
            tokens=validation.token_estimate,
            time_left_s=(manifest.deadline_at - now).total_seconds(),
            profiles=profiles,
            loading_s=validation.document_count / loading_documents_per_s,
            health=health,
            warm=warm_lanes,
            curves=knowledge.curves,
            explore_usd=knowledge.explore_usd,
        )

    placement = _admitted(layout.batch_id, view, ask, watch)
    if budgets is not None:
        placement = budgets.admit(placement, account_id=manifest.account, batch_id=layout.batch_id)
    if kept is not None and kept.lane is not placement.lane:
        leave(kept.lane)
    records.save_placement(placement)
    read_store.record_placement(layout.batch_id, placement)
    return placement


def _admitted(
    batch_id: str,
    view: LaneView,
    ask: Callable[[Mapping[Lane, str]], Placement],
    watch: LaneWatch,
) -> Placement:
    """Ask until the answer is a lane that takes the batch, as its probe where it must."""
    refused = dict(view.refused)
    while True:
        placement = ask(refused)
        lane = placement.lane
        if lane in refused or lane not in view.untried:
            return placement
        if watch.admit(lane, batch_id, lease_s=placement.latency_s * LEASE_FACTOR):
            return replace(placement, reason=f"{placement.reason}; tries the lane after a pause")
        refused[lane] = "another batch is trying it"
