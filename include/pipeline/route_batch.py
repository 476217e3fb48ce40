"""Route: ask the router, and record its answer with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from include.domain.lanes import LaneProfile
from include.domain.routing import Placement, place
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.ports import ObjectStore, ReadStore
from include.pipeline.records import BatchRecords


def route_batch(
    layout: BatchLayout,
    *,
    now: datetime,
    profiles: Sequence[LaneProfile],
    loading_documents_per_s: float,
    objects: ObjectStore,
    read_store: ReadStore,
) -> Placement:
    """Place a validated batch. A batch that was placed before keeps its lane.

    Raises:
        NoFeasibleLane: no lane admits it.
    """
    records = BatchRecords(objects, layout)
    if objects.exists(layout.placement):
        placement = records.placement()
    else:
        manifest, validation = records.manifest(), records.validation()
        placement = place(
            documents=validation.document_count,
            tokens=validation.token_estimate,
            time_left_s=(manifest.deadline_at - now).total_seconds(),
            profiles=profiles,
            loading_s=validation.document_count / loading_documents_per_s,
        )
        records.save_placement(placement)
    read_store.record_placement(layout.batch_id, placement)
    return placement
