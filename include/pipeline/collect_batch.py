"""Collect: believe the counted output, not the job's status alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from include.domain.documents import QuarantinedDocument, QuarantineReason
from include.domain.errors import OutputIncomplete
from include.domain.manifests import Shard
from include.domain.predictions import Prediction, PredictionError, parse_prediction
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.expectations import merge_results
from include.pipeline.ports import (
    ExpectationResult,
    ModelRegistry,
    ObjectStore,
    PredictionRow,
    QualityGate,
    ReadStore,
)
from include.pipeline.records import BatchRecords, Collection

MODEL_REFUSAL_ROW_BASE = 1_000_000_000
"""Rows of documents the model refused are numbered from here: their place in the clean shards,
apart from the rows of the submitted file."""


def collect_batch(
    layout: BatchLayout,
    *,
    objects: ObjectStore,
    registry: ModelRegistry,
    gate: QualityGate,
    read_store: ReadStore,
) -> Collection:
    """Check every shard's output against its input: present, same count, same ids, valid.

    Documents the model refused go to quarantine with the model's words.

    Raises:
        OutputIncomplete: a shard is missing, short, in another order, or breaks an expectation;
            nothing has been loaded then.
    """
    records = BatchRecords(objects, layout)
    manifest, validation = records.manifest(), records.validation()
    missing = [
        s.index for s in validation.shards if not objects.exists(layout.output_shard(s.index))
    ]
    if missing:
        raise OutputIncomplete(f"batch {layout.batch_id}: no output for shard(s) {missing}")
    labels = registry.labels(manifest.model)
    results: list[ExpectationResult] = []
    prediction_count = refused_count = offset = 0
    for shard in validation.shards:
        predictions: list[Prediction] = []
        refused: list[QuarantinedDocument] = []
        for position, answer in enumerate(_matched(shard, layout, objects)):
            if isinstance(answer, Prediction):
                predictions.append(answer)
            else:
                row = MODEL_REFUSAL_ROW_BASE + offset + position
                detail = f"{answer.code}: {answer.message}"
                refused.append(
                    QuarantinedDocument(
                        row, answer.document_id, QuarantineReason.MODEL_ERROR, detail
                    )
                )
        if predictions:
            verdict = gate.check_predictions(predictions, labels=labels)
            results = merge_results(results, verdict.results)
            if verdict.poison:
                first = verdict.poison[0]
                raise OutputIncomplete(
                    f"batch {layout.batch_id}: {layout.output_shard(shard.index)}: "
                    f"{len(verdict.poison)} prediction(s) break an expectation, first at line "
                    f"{first.position + 1}: {first.detail}"
                )
        if refused:
            read_store.load_quarantine(layout.batch_id, refused)
        prediction_count += len(predictions)
        refused_count += len(refused)
        offset += shard.document_count
    collection = Collection(prediction_count, refused_count, tuple(results))
    records.save_collection(collection)
    return collection


def prediction_rows(layout: BatchLayout, *, objects: ObjectStore) -> Iterator[PredictionRow]:
    """Stream a collected batch's predictions, as both stores take them."""
    for shard in BatchRecords(objects, layout).validation().shards:
        uri = layout.output_shard(shard.index)
        with objects.open(uri) as lines:
            for line in answer_lines(lines):
                answer = parse_prediction(line, source=uri)
                if isinstance(answer, Prediction):
                    yield PredictionRow(answer.document_id, answer.label, answer.score)


def answer_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines that hold an answer: AssembleWith=Line may leave a blank one between two."""
    return (line for line in lines if line.strip())


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
