"""Observe: what a batch that ended shows of the lanes it was on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.lanes import Lane
from include.domain.money.costs import Capacity, Waste
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, LaneRun
from include.pipeline.ports.objects import ObjectStore

LOST_SHARE = 0.1
"""A batch of which more than this was done again has failed on its lane, if only in part; a call
that was tried twice is no failure."""


def observe_batch(
    layout: BatchLayout, *, is_failed: bool, objects: ObjectStore
) -> list[LaneObservation]:
    """Return an observation a lane; none of a batch that no lane ever worked for.

    Args:
        is_failed: the batch ended in failure, which is its lane's where outputs are missing.
    """
    records = BatchRecords(objects, layout)
    by_lane: dict[Lane, list[LaneRun]] = defaultdict(list)
    for run in records.lane_runs():
        by_lane[run.lane or records.placement().lane].append(run)
    if not by_lane:
        return []
    placement = records.placement()
    validation = records.validation()
    given_up = is_failed and not all(
        objects.exists(layout.output_shard(shard.index)) for shard in validation.shards
    )
    model = records.manifest().model
    return [
        _observation(
            layout.batch_id,
            CurveKey(lane, runs[-1].instance_type, model.name),
            _load(validation.token_estimate, validation.document_count, lane, runs, placement),
            runs,
            is_failed=given_up or lane is not placement.lane,
        )
        for lane, runs in by_lane.items()
    ]


def _load(
    tokens: int, documents: int, lane: Lane, runs: Sequence[LaneRun], placement: Placement
) -> Load:
    if lane is Lane.ASYNC_ENDPOINT:
        instances = max(run.instance_count for run in runs)
        is_warm = not any(Waste.COLD_START in run.waste_s for run in runs)
        return Load(tokens, documents, instances, 0 if is_warm else instances)
    instances = placement.instance_count if lane is placement.lane else 1
    return Load(tokens, documents, instances, instances)


def _observation(
    batch_id: str, key: CurveKey, load: Load, runs: Sequence[LaneRun], *, is_failed: bool
) -> LaneObservation:
    asked_at = min(run.started_at - timedelta(seconds=run.waited_s) for run in runs)
    ended_at = max(run.ended_at for run in runs)
    billed_s = sum(run.billed_s for run in runs)
    lost_s = sum(run.waste_s.get(Waste.RETRY, 0.0) for run in runs)
    return LaneObservation(
        f"{batch_id}/{key.lane.value}",
        key,
        load,
        (ended_at - asked_at).total_seconds(),
        billed_s,
        is_failed or lost_s > LOST_SHARE * billed_s,
        sum(run.waste_s.get(Waste.INTERRUPTED, 0.0) > 0 for run in runs),
        sum(run.held_s for run in runs if run.capacity is Capacity.SPOT),
        ended_at,
    )
