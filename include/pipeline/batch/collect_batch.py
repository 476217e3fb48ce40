"""Collect: believe the counted output, not the job's status alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from include.domain.batches.documents import QuarantinedDocument, QuarantineReason
from include.domain.batches.manifests import Shard
from include.domain.batches.predictions import Prediction, PredictionError, parse_prediction
from include.domain.errors import OutputIncomplete
from include.domain.fingerprints import Fingerprint
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, Collection
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.quality import ExpectationResult, QualityGate
from include.pipeline.ports.stores import ReadStore, row_of

MODEL_REFUSAL_ROW_BASE = 1_000_000_000
"""Rows of documents the model refused are numbered from here: their place in the clean shards,
apart from the rows of the submitted file."""


@dataclass(frozen=True, slots=True)
class CollectPorts:
    """What collecting needs of the world."""

    objects: ObjectStore
    registry: ModelRegistry
    gate: QualityGate
    read_store: ReadStore


def collect_batch(layout: BatchLayout, *, ports: CollectPorts) -> Collection:
    """Check every shard's output; a shard that was checked before is taken as found then.

    Raises:
        OutputIncomplete: a shard is missing, or is not what it must be; see `ShardCollector`.
    """
    collector = ShardCollector(layout, ports)
    present = {info.uri for info in ports.objects.list_objects(layout.output_prefix)}
    missing = [
        shard.index for shard in collector.shards if layout.output_shard(shard.index) not in present
    ]
    if missing:
        raise OutputIncomplete(f"batch {layout.batch_id}: no output for shard(s) {missing}")
    return Collection.total(collector.collect(shard) for shard in collector.shards)


class ShardCollector:
    """Checks the shards of one batch; what it knows of the batch is read once.

    Attributes:
        manifest: of the batch.
        shards: its clean shards.
    """

    def __init__(self, layout: BatchLayout, ports: CollectPorts) -> None:
        self._layout = layout
        self._ports = ports
        self._records = BatchRecords(ports.objects, layout)
        self.manifest = self._records.manifest()
        self.shards = self._records.validation().shards
        self._labels = ports.registry.card(self.manifest.model).labels

    def collect(self, shard: Shard) -> Collection:
        """Check a shard's output against its input: same count, same ids in order, valid.

        Documents the model refused go to quarantine with the model's words. Done once a shard.

        Raises:
            OutputIncomplete: the output is short, in another order, or breaks an expectation;
                nothing of the shard is loaded then.
        """
        known = self._records.shard_collection(shard.index)
        if known is not None:
            return known
        predictions: list[Prediction] = []
        refused: list[QuarantinedDocument] = []
        first_row = MODEL_REFUSAL_ROW_BASE + self._documents_before(shard)
        for position, answer in enumerate(_matched(shard, self._layout, self._ports.objects)):
            if isinstance(answer, Prediction):
                predictions.append(answer)
            else:
                refused.append(_quarantined(answer, first_row + position))
        results = self._check(predictions, shard) if predictions else ()
        if refused:
            self._ports.read_store.load_quarantine(self._layout.batch_id, refused)
        version = self.manifest.model.version
        fingerprint = Fingerprint(
            len(predictions),
            sum(row_of(each).hash(version) for each in predictions) % 2**64,
        )
        collection = Collection(len(predictions), len(refused), results, fingerprint)
        self._records.save_collection(shard.index, collection)
        return collection

    def _check(self, predictions: list[Prediction], shard: Shard) -> tuple[ExpectationResult, ...]:
        verdict = self._ports.gate.check_predictions(predictions, labels=self._labels)
        if verdict.poison:
            first = verdict.poison[0]
            raise OutputIncomplete(
                f"batch {self._layout.batch_id}: {self._layout.output_shard(shard.index)}: "
                f"{len(verdict.poison)} prediction(s) break an expectation, first at line "
                f"{first.position + 1}: {first.detail}"
            )
        return verdict.results

    def _documents_before(self, shard: Shard) -> int:
        return sum(each.document_count for each in self.shards if each.index < shard.index)


def answer_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines that hold an answer: AssembleWith=Line may leave a blank one between two."""
    return (line for line in lines if line.strip())


def _quarantined(answer: PredictionError, row: int) -> QuarantinedDocument:
    detail = f"{answer.code}: {answer.message}"
    return QuarantinedDocument(row, answer.document_id, QuarantineReason.MODEL_ERROR, detail)


def _matched(
    shard: Shard, layout: BatchLayout, objects: ObjectStore
) -> Iterator[Prediction | PredictionError]:
    """Yield a shard's answers, each checked against the document it must be for."""
    uri = layout.output_shard(shard.index)
    with objects.open(shard.uri) as documents, objects.open(uri) as answers:
        count = 0
        for count, line in enumerate(answer_lines(answers), start=1):
            answer = parse_prediction(line, source=uri)
            document = documents.readline()
            expected = json.loads(document)["id"] if document else None
            if answer.document_id != expected:
                raise OutputIncomplete(
                    f"batch {layout.batch_id}: {uri} line {count} is for document "
                    f"{answer.document_id!r}, not {expected!r}"
                )
            yield answer
    if count != shard.document_count:
        raise OutputIncomplete(
            f"batch {layout.batch_id}: {uri} has {count} lines for {shard.document_count} documents"
        )
