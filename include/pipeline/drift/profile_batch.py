"""A closed batch, sampled and described: its texts as they were given, its answers as they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from include.domain.batches.manifests import Shard
from include.domain.batches.predictions import Prediction, parse_prediction
from include.domain.drift.policy import Stream
from include.domain.errors import (
    ObjectMissing,
    OutputIncomplete,
    RecordUnreadable,
    ReleaseFailed,
)
from include.domain.model_ref import ModelRef
from include.pipeline.batch.collect_batch import answer_lines
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.batch_objects.shard_files import read_record
from include.pipeline.drift.document_features import WatchedDocument, WordVectors, feature_rows
from include.pipeline.drift.ports import BatchProfile, DriftBook, Unread
from include.pipeline.drift.sampling import place_of
from include.pipeline.ports.objects import ObjectStore

_UNREADABLE = (ObjectMissing, RecordUnreadable, OutputIncomplete, ReleaseFailed)
"""What one batch's objects, or its model's artifact, are at fault for; the rest is everybody's."""


@dataclass(frozen=True, slots=True)
class Looking:
    """How batches are looked at.

    Attributes:
        night: the watch that counts them.
        sample_documents: about so many a batch are looked at, chosen by a hash of their ids.
        vectors: those of a model's words, None where it has none.
    """

    night: date
    sample_documents: int
    vectors: Callable[[ModelRef], WordVectors | None]
    objects: ObjectStore
    book: DriftBook


@dataclass(frozen=True, slots=True)
class Skipped:
    """A batch that could not be described, with the reason."""

    batch_id: str
    reason: str


def unread_batches(skipped: Sequence[Skipped]) -> list[Unread]:
    """Return what a person is told of skipped batches: all at once, by the first's reason."""
    if not skipped:
        return []
    first = skipped[0]
    lost = f"So skipped: {len(skipped)}; what they hold is not compared."
    return [Unread("closed batches", f"{first.batch_id}: {first.reason}", lost)]


def profile_batches(
    layouts: Sequence[BatchLayout], looking: Looking
) -> tuple[list[BatchProfile], list[Skipped]]:
    """Describe batches and keep what was seen; return that, and those that cannot be read.

    A batch that cannot be read is looked at again the next night.

    Raises:
        StoreError: the database refuses.
    """
    profiles, skipped = [], []
    for layout in layouts:
        try:
            profile = profile_batch(layout, looking)
        except _UNREADABLE as exc:
            skipped.append(Skipped(layout.batch_id, f"{type(exc).__name__}: {exc}"))
            continue
        looking.book.keep_profile(profile)
        profiles.append(profile)
    return profiles, skipped


def profile_batch(layout: BatchLayout, looking: Looking) -> BatchProfile:
    """Describe a batch by a sample of its documents.

    Raises:
        ObjectMissing: the batch's manifest is gone.
        RecordUnreadable: the manifest, or a document, is not what was written.
        OutputIncomplete: an answer is not what the contract says.
        ReleaseFailed: the model's artifact is not what it should be.
    """
    objects = looking.objects
    records = BatchRecords(objects, layout)
    manifest = records.manifest()
    stream = Stream(manifest.account, manifest.model)
    try:
        validation = records.validation()
        share = min(1.0, looking.sample_documents / max(validation.document_count, 1))
        documents = [
            document
            for shard in validation.shards
            for document in _sampled(layout, shard, share, objects)
        ]
    except ObjectMissing:
        # Objects of a batch are kept for a time; its row is kept for good.
        documents = []
    sketch = None
    if documents:
        sketch = feature_rows(documents, looking.vectors(manifest.model)).sketch()
    return BatchProfile(layout.batch_id, stream, looking.night, sketch)


def _sampled(
    layout: BatchLayout, shard: Shard, share: float, objects: ObjectStore
) -> Iterator[WatchedDocument]:
    uri = layout.output_shard(shard.index)
    with objects.open(shard.uri) as documents, objects.open(uri) as answers:
        for line, answer_line in zip(documents, answer_lines(answers), strict=False):
            document = read_record(line, source=shard.uri)
            if place_of(document.id) >= share:
                continue
            answer = parse_prediction(answer_line, source=uri)
            if isinstance(answer, Prediction):
                yield WatchedDocument(document.text, answer.label, answer.score)
            else:
                yield WatchedDocument(document.text)
