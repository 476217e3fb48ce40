"""Make a probe: shards and records as a routed batch has them, cut from sample texts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from include.domain.accounts import Tier
from include.domain.batches.documents import CHARACTERS_PER_TOKEN, Document, estimate_tokens
from include.domain.batches.manifests import BatchManifest, Shard
from include.domain.curves.calibration import ACCOUNT, Shape
from include.domain.model_ref import ModelRef
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, Validation
from include.pipeline.batch_objects.shard_files import write_documents
from include.pipeline.ports.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class ProbeSource:
    """What probes are made of.

    Attributes:
        text: a long text; documents are pieces of it, so that they read as real ones do.
        shard_documents: documents a shard at the most; `shard_tokens` of it, about.
    """

    text: str
    shard_documents: int
    shard_tokens: int

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("there is no text to make probes of")

    def documents(self, shape: Shape, seed: str) -> Iterator[Document]:
        """Yield a probe's documents, the same for the same seed."""
        random = Random(seed)  # noqa: S311
        characters = max(1, round((shape.document_tokens - 2) * CHARACTERS_PER_TOKEN))
        text = self.text * (1 + characters // len(self.text)) + self.text
        for number in range(shape.documents):
            start = random.randrange(len(self.text))
            yield Document(f"probe-{number}", text[start : start + characters].strip() or "probe")


def make_probe(
    layout: BatchLayout,
    shape: Shape,
    placement: Placement,
    *,
    model: ModelRef,
    max_tokens: int,
    now: datetime,
    deadline_s: float,
    source: ProbeSource,
    objects: ObjectStore,
) -> None:
    """Write what a lane reads; the placement last, so that a probe which has one is whole."""
    records = BatchRecords(objects, layout)
    shards = tuple(_write_shards(layout, shape, max_tokens, source, objects))
    records.save_manifest(
        BatchManifest(
            batch_id=layout.batch_id,
            submission_key=layout.batch_id,
            batch_uris=(),
            content_digest=layout.batch_id,
            account=ACCOUNT,
            tier=Tier.ENTERPRISE,
            model=model,
            submitted_at=now,
            deadline_at=now + timedelta(seconds=deadline_s),
            shards=shards,
        )
    )
    records.save_validation(Validation(shards, 0, ()))
    records.save_placement(placement)


def _write_shards(
    layout: BatchLayout, shape: Shape, max_tokens: int, source: ProbeSource, objects: ObjectStore
) -> Iterator[Shard]:
    a_shard = max(1, min(source.shard_documents, source.shard_tokens // shape.document_tokens))
    documents = source.documents(shape, layout.batch_id)
    with tempfile.TemporaryDirectory(prefix="twolane-probe-") as folder:
        path = Path(folder) / "shard.jsonl"
        for index, first in enumerate(range(0, shape.documents, a_shard)):
            rows = [next(documents) for _ in range(min(a_shard, shape.documents - first))]
            longest = write_documents(path, rows)
            uri = layout.input_shard(index)
            objects.upload(path, uri, "application/jsonlines")
            tokens = sum(estimate_tokens(row.text, max_tokens) for row in rows)
            yield Shard(index, uri, len(rows), tokens, longest)
