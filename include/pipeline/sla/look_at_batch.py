"""How far a batch is: read from the objects that its steps leave, and when they left them.

One listing of the batch's prefix tells every stage's end and every shard that is done, so nothing
is written on a batch's way for the sake of being watched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.batches.manifests import Shard
from include.domain.curves.observation import Load
from include.domain.placement.routing import Placement
from include.domain.sla.forecast import LaneWork
from include.domain.sla.stages import Stage, Timeline
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.ports.objects import ObjectStore

STORES = ("dynamodb", "aurora")


@dataclass(frozen=True, slots=True)
class BatchLook:
    """What a look at a batch found.

    Attributes:
        timeline: which stages are done, and when.
        placement: None before it is placed.
        shards: the clean shards; none before validation.
        done_at: of those that have their output, when it was written, by the shard's index.
        loaded_share: of the shards' loads into both stores, those that are done.
    """

    timeline: Timeline
    placement: Placement | None
    shards: tuple[Shard, ...]
    done_at: Mapping[int, datetime]
    loaded_share: float

    @property
    def documents(self) -> int:
        """Clean documents."""
        return _documents(self.shards)

    @property
    def tokens(self) -> int:
        """Their estimated tokens."""
        return _tokens(self.shards)

    @property
    def left(self) -> int:
        """Shards without an output."""
        return len(self.shards) - len(self.done_at)

    def lane_work(self, instances: int, since: datetime, now: datetime) -> LaneWork:
        """Return how far so many instances are with what was left to them at a moment."""
        given = [shard for shard in self.shards if self.done_at.get(shard.index, now) >= since]
        done = [shard for shard in given if shard.index in self.done_at]
        waiting = [shard for shard in given if shard.index not in self.done_at]
        at_work = sorted(waiting, key=lambda shard: -shard.token_estimate)[:instances]
        return LaneWork(
            Load(_tokens(given), _documents(given), instances, instances),
            done_tokens=_tokens(done),
            done_documents=_documents(done),
            at_work_tokens=_tokens(at_work),
            at_work_documents=_documents(at_work),
            done_shards=len(done),
            elapsed_s=(now - since).total_seconds(),
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
        {index: written[uri] for index, uri in outputs.items() if uri in written},
        sum(uri in written for uri in loads) / len(loads) if loads else 0.0,
    )


def _last(written: Mapping[str, datetime], uris: Sequence[str]) -> datetime | None:
    """Return when the last of the objects was written; None unless all of them stand."""
    if not uris or any(uri not in written for uri in uris):
        return None
    return max(written[uri] for uri in uris)


def _tokens(shards: Sequence[Shard]) -> int:
    return sum(shard.token_estimate for shard in shards)


def _documents(shards: Sequence[Shard]) -> int:
    return sum(shard.document_count for shard in shards)
