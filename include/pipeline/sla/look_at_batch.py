"""How far a batch is: read from the objects that its steps leave, and when they left them.

One listing of the batch's prefix tells every stage's end and every shard that is done, so nothing
is written on a batch's way for the sake of being watched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.curves.observation import Load
from include.domain.manifests import Shard
from include.domain.routing import Placement
from include.domain.sla.forecast import LaneWork
from include.domain.sla.stages import Stage, Timeline
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.ports import ObjectStore
from include.pipeline.records import BatchRecords

STORES = ("dynamodb", "aurora")


@dataclass(frozen=True, slots=True)
class BatchLook:
    """What a look at a batch found.

    Attributes:
        timeline: which stages are done, and when.
        placement: None before it is placed.
        shards: the clean shards; none before validation.
        done: those that have their output.
        loaded_share: of the shards' loads into both stores, those that are done.
    """

    timeline: Timeline
    placement: Placement | None
    shards: tuple[Shard, ...]
    done: tuple[Shard, ...]
    loaded_share: float

    @property
    def documents(self) -> int:
        """Clean documents."""
        return sum(shard.document_count for shard in self.shards)

    @property
    def left(self) -> int:
        """Shards without an output."""
        return len(self.shards) - len(self.done)

    def lane_work(self, now: datetime) -> LaneWork:
        """Return how far the lane is; for a batch that is placed."""
        if self.placement is None:
            raise ValueError("a batch that is not placed has no lane")
        instances = self.placement.instance_count
        tokens = sum(shard.token_estimate for shard in self.shards)
        done = {shard.index for shard in self.done}
        waiting = [shard for shard in self.shards if shard.index not in done]
        largest = sorted(waiting, key=lambda shard: -shard.token_estimate)[:instances]
        placed_at = self.timeline.done_at[Stage.ROUTE]
        return LaneWork(
            load=Load(tokens, self.documents, instances, instances),
            done_tokens=sum(shard.token_estimate for shard in self.done),
            done_documents=sum(shard.document_count for shard in self.done),
            at_work_tokens=sum(shard.token_estimate for shard in largest),
            at_work_documents=sum(shard.document_count for shard in largest),
            done_shards=len(self.done),
            elapsed_s=(now - placed_at).total_seconds(),
        )


def look_at_batch(
    layout: BatchLayout,
    *,
    submitted_at: datetime,
    closed_at: datetime | None,
    loading_documents_per_s: float,
    objects: ObjectStore,
) -> BatchLook:
    """Look at a batch.

    Args:
        closed_at: when it ended; None while it runs.
        loading_documents_per_s: what collecting and loading are expected to do.
    """
    written = {info.uri: info.modified_at for info in objects.list_objects(layout.root)}
    records = BatchRecords(objects, layout)
    shards = records.validation().shards if layout.validation in written else ()
    placement = records.placement() if layout.placement in written else None
    outputs = {shard.index: layout.output_shard(shard.index) for shard in shards}
    collected = [layout.collected_shard(shard.index) for shard in shards]
    loads = [layout.loaded_shard(store, shard.index) for store in STORES for shard in shards]
    done_at = {
        Stage.PULL: written.get(layout.manifest),
        Stage.VALIDATE: written.get(layout.validation),
        Stage.ROUTE: written.get(layout.placement),
        Stage.LANE: _last(written, list(outputs.values())) if placement else None,
        Stage.COLLECT: _last(written, collected),
        Stage.LOAD: _last(written, loads),
        Stage.CLOSE: closed_at,
    }
    loading_s = sum(shard.document_count for shard in shards) / loading_documents_per_s
    expected_s = {Stage.LOAD: loading_s}
    if placement is not None:
        expected_s[Stage.LANE] = placement.latency_s
    return BatchLook(
        Timeline(submitted_at, {s: at for s, at in done_at.items() if at}, expected_s),
        placement,
        shards,
        tuple(shard for shard in shards if outputs[shard.index] in written),
        sum(uri in written for uri in loads) / len(loads) if loads else 0.0,
    )


def _last(written: Mapping[str, datetime], uris: Sequence[str]) -> datetime | None:
    """Return when the last of the objects was written; None unless all of them stand."""
    if not uris or any(uri not in written for uri in uris):
        return None
    return max(written[uri] for uri in uris)
