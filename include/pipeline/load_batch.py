"""Load: a checked shard at a time into each store, effectively once.

A shard whose mark stands is in the store already. Without the mark it is loaded, perhaps again:
both stores key a row by document, batch and model version, so that changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from include.domain.manifests import BatchManifest, Shard
from include.domain.predictions import Prediction, parse_prediction
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.collect_batch import CollectPorts, ShardCollector, answer_lines
from include.pipeline.ports import ObjectStore, PredictionRow
from include.pipeline.records import BatchRecords


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
        load_shard(layout, manifest, shard, target, objects=objects)


def load_shard(
    layout: BatchLayout,
    manifest: BatchManifest,
    shard: Shard,
    target: Target,
    *,
    objects: ObjectStore,
) -> None:
    """Load one checked shard into one store, and mark it. Raises `StoreError`."""
    mark = layout.loaded_shard(target.name, shard.index)
    if not objects.exists(mark):
        count = target.write(manifest, prediction_rows(layout, shard, objects=objects))
        objects.write_text(mark, str(count), "text/plain")


def prediction_rows(
    layout: BatchLayout, shard: Shard, *, objects: ObjectStore
) -> Iterator[PredictionRow]:
    """Stream a shard's predictions, as both stores take them."""
    uri = layout.output_shard(shard.index)
    with objects.open(uri) as lines:
        for line in answer_lines(lines):
            answer = parse_prediction(line, source=uri)
            if isinstance(answer, Prediction):
                yield PredictionRow(answer.document_id, answer.label, answer.score)


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
        for target in self._targets:
            load_shard(self._layout, manifest, shard, target, objects=self._objects)
