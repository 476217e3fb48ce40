"""Load: a checked shard at a time into each store, effectively once.

A shard whose mark stands is in the store already; the mark holds count and checksum of what was
loaded, and counts for that output alone. Without it the shard is loaded, perhaps again: both stores
key a row by document, batch and model version, so that changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from include.domain.batches.manifests import BatchManifest, Shard
from include.domain.batches.predictions import Prediction, parse_prediction
from include.domain.errors import ObjectMissing, StoreError
from include.domain.fingerprints import Fingerprint
from include.pipeline.batch.collect_batch import CollectPorts, ShardCollector, answer_lines
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.stores import PredictionRow, row_of


@dataclass(frozen=True, slots=True)
class Target:
    """A store to load.

    Attributes:
        name: names the marks; the same for ever.
        write: `WriteStore.put` or `ReadStore.load_predictions`.
    """

    name: str
    write: Callable[[BatchManifest, Iterable[PredictionRow]], int]


def load_batch(layout: BatchLayout, target: Target, *, objects: ObjectStore) -> None:
    """Load every shard of a collected batch into one store.

    Raises:
        StoreError: a shard could not be written; those before it stand.
    """
    records = BatchRecords(objects, layout)
    manifest = records.manifest()
    for shard in records.validation().shards:
        expected = expected_fingerprint(layout, manifest, shard, objects=objects)
        load_shard(layout, manifest, shard, target, expected=expected, objects=objects)


def load_shard(
    layout: BatchLayout,
    manifest: BatchManifest,
    shard: Shard,
    target: Target,
    *,
    expected: Fingerprint,
    objects: ObjectStore,
) -> None:
    """Load one checked shard into one store, and mark it with what was loaded.

    Args:
        expected: what the shard's output came to when it was collected.

    Raises:
        StoreError: the store refuses, or the output is not the one that was collected.
    """
    if is_loaded(layout, target.name, shard, expected, objects=objects):
        return
    rows = _Tally(prediction_rows(layout, shard, objects=objects), manifest.model.version)
    target.write(manifest, rows)
    if rows.fingerprint != expected:
        raise StoreError(
            f"batch {layout.batch_id}: {layout.output_shard(shard.index)} has changed since it was "
            f"collected: {rows.fingerprint}, not {expected}"
        )
    objects.write_text(layout.loaded_shard(target.name, shard.index), str(expected), "text/plain")


def is_loaded(
    layout: BatchLayout, store: str, shard: Shard, expected: Fingerprint, *, objects: ObjectStore
) -> bool:
    """Whether the shard's mark says that this very output was loaded."""
    try:
        mark = objects.read_text(layout.loaded_shard(store, shard.index))
    except ObjectMissing:
        return False
    return Fingerprint.parse(mark) == expected


def forget_shard(layout: BatchLayout, store: str, shard: Shard, *, objects: ObjectStore) -> None:
    """Void a shard's mark, so that the shard is loaded again whoever comes first."""
    objects.write_text(layout.loaded_shard(store, shard.index), "void", "text/plain")


def expected_fingerprint(
    layout: BatchLayout, manifest: BatchManifest, shard: Shard, *, objects: ObjectStore
) -> Fingerprint:
    """Return what a collected shard's predictions come to; reads them where no record says it."""
    collection = BatchRecords(objects, layout).shard_collection(shard.index)
    if collection is not None and collection.fingerprint is not None:
        return collection.fingerprint
    rows = _Tally(prediction_rows(layout, shard, objects=objects), manifest.model.version)
    for _ in rows:
        pass
    return rows.fingerprint


class _Tally:
    """Rows that are counted and summed up as they are taken."""

    def __init__(self, rows: Iterable[PredictionRow], model_version: str) -> None:
        self._rows = rows
        self._model_version = model_version
        self._count = 0
        self._sum = 0

    @property
    def fingerprint(self) -> Fingerprint:
        """Of the rows taken so far."""
        return Fingerprint(self._count, self._sum % 2**64)

    def __iter__(self) -> Iterator[PredictionRow]:
        """Yield the rows once."""
        for row in self._rows:
            self._count += 1
            self._sum += row.hash(self._model_version)
            yield row


def prediction_rows(
    layout: BatchLayout, shard: Shard, *, objects: ObjectStore
) -> Iterator[PredictionRow]:
    """Stream a shard's predictions, as both stores take them."""
    uri = layout.output_shard(shard.index)
    with objects.open(uri) as lines:
        for line in answer_lines(lines):
            answer = parse_prediction(line, source=uri)
            if isinstance(answer, Prediction):
                yield row_of(answer)


class AheadLoader:
    """Collects and loads the shards that are done while the lane still works on the others.

    What it does not reach, or cannot do, is left to the steps behind the lane: they do the same
    shard by shard, and find what stands.
    """

    def __init__(self, layout: BatchLayout, targets: Sequence[Target], ports: CollectPorts) -> None:
        self._layout = layout
        self._targets = targets
        self._objects = ports.objects
        self._collector = ShardCollector(layout, ports)
        self._waiting = {layout.output_shard(s.index): s for s in self._collector.shards}

    @property
    def shards_left(self) -> int:
        """Shards that had no output at the last step."""
        return len(self._waiting)

    @property
    def share_left(self) -> float:
        """The same as a share of all shards, which are nearly equal in tokens."""
        return len(self._waiting) / len(self._collector.shards)

    def step(self) -> int:
        """Load the shards whose output stands now, and return how many they were.

        Raises:
            OutputIncomplete: a shard's output is not what it must be.
            StoreError: a store cannot be written.
        """
        found = self._objects.list_objects(self._layout.output_prefix)
        present = {info.uri for info in found}
        ready = sorted(present & self._waiting.keys())
        for uri in ready:
            self._load(self._waiting[uri])
            del self._waiting[uri]
        return len(ready)

    def _load(self, shard: Shard) -> None:
        self._collector.collect(shard)
        manifest = self._collector.manifest
        expected = expected_fingerprint(self._layout, manifest, shard, objects=self._objects)
        for target in self._targets:
            load_shard(
                self._layout, manifest, shard, target, expected=expected, objects=self._objects
            )
