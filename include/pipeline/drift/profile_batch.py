"""A closed batch, sampled and described: its texts as they were given, its answers as they came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date

from include.domain.batches.manifests import Shard
from include.domain.batches.predictions import Prediction, parse_prediction
from include.domain.drift.policy import Stream
from include.domain.errors import ObjectMissing
from include.pipeline.batch.collect_batch import answer_lines
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.drift.document_features import WatchedDocument, WordVectors, feature_rows
from include.pipeline.drift.ports import BatchProfile
from include.pipeline.ports import ObjectStore


def profile_batch(
    layout: BatchLayout,
    *,
    night: date,
    sample_documents: int,
    vectors: WordVectors | None,
    objects: ObjectStore,
) -> BatchProfile:
    """Describe a batch by a sample of its documents.

    Args:
        night: the watch that counts it.
        sample_documents: about so many are looked at, chosen by a hash of their ids.
        vectors: of the batch's model.

    Raises:
        ObjectMissing: the batch's manifest is gone.
        OutputIncomplete: an answer is not what the contract says.
    """
    records = BatchRecords(objects, layout)
    manifest = records.manifest()
    stream = Stream(manifest.account, manifest.model)
    try:
        validation = records.validation()
        share = min(1.0, sample_documents / max(validation.document_count, 1))
        documents = [
            document
            for shard in validation.shards
            for document in _sampled(layout, shard, share, objects)
        ]
    except ObjectMissing:
        # Objects of a batch are kept for a time; its row is kept for good.
        documents = []
    sketch = feature_rows(documents, vectors).sketch() if documents else None
    return BatchProfile(layout.batch_id, stream, night, sketch)


def _sampled(
    layout: BatchLayout, shard: Shard, share: float, objects: ObjectStore
) -> Iterator[WatchedDocument]:
    uri = layout.output_shard(shard.index)
    with objects.open(shard.uri) as documents, objects.open(uri) as answers:
        for line, answer_line in zip(documents, answer_lines(answers), strict=False):
            document = json.loads(line)
            if _fraction(document["id"]) >= share:
                continue
            answer = parse_prediction(answer_line, source=uri)
            if isinstance(answer, Prediction):
                yield WatchedDocument(document["text"], answer.label, answer.score)
            else:
                yield WatchedDocument(document["text"])


def _fraction(document_id: str) -> float:
    """Return a number from 0 to 1, even over ids, the same on every machine."""
    code = hashlib.blake2b(document_id.encode(), digest_size=8).digest()
    return int.from_bytes(code, "big") / 2**64
