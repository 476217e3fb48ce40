"""Validate: judge each shard, set poison documents aside with a reason, keep the rest."""

from __future__ import annotations

import tempfile
from pathlib import Path

from include.domain.batches.documents import (
    MAX_RECORD_BYTES,
    Document,
    QuarantinedDocument,
    QuarantineReason,
    RawDocument,
    estimate_tokens,
)
from include.domain.batches.manifests import Shard
from include.domain.errors import NoValidDocuments
from include.pipeline.batch.batch_report import REPORT_CONTENT_TYPE, batch_facts
from include.pipeline.batch.expectations import merge_results
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.id_index import IdIndex
from include.pipeline.batch_objects.records import BatchRecords, Validation
from include.pipeline.batch_objects.shard_files import (
    excerpt,
    read_raw,
    record_line,
    write_documents,
    write_quarantine,
)
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.quality import ExpectationResult, QualityGate, ShardVerdict
from include.pipeline.ports.stores import ReadStore


def validate_batch(
    layout: BatchLayout,
    *,
    objects: ObjectStore,
    registry: ModelRegistry,
    gate: QualityGate,
    read_store: ReadStore,
) -> Validation:
    """Split every shard into clean documents and quarantine. One shard in memory at a time.

    Raises:
        NoValidDocuments: nothing is left to classify; the quarantine is recorded all the same.
    """
    records = BatchRecords(objects, layout)
    manifest = records.manifest()
    max_tokens = registry.card(manifest.model).max_tokens
    clean: list[Shard] = []
    quarantined_count = 0
    results: list[ExpectationResult] = []
    with tempfile.TemporaryDirectory(prefix="twolane-validate-") as folder:
        path = Path(folder) / "shard.jsonl"
        with IdIndex(Path(folder) / "ids.sqlite") as seen:
            for shard in manifest.shards:
                objects.download(shard.uri, path)
                rows = list(read_raw(path))
                duplicates = seen.add([None if row.fault else row.id for row in rows])
                verdict = gate.check_documents(rows, duplicates)
                results = merge_results(results, verdict.results)
                documents, poison = split(rows, verdict)
                if documents:
                    longest = write_documents(path, documents)
                    uri = layout.input_shard(shard.index)
                    objects.upload(path, uri, "application/jsonlines")
                    tokens = sum(estimate_tokens(each.text, max_tokens) for each in documents)
                    clean.append(Shard(shard.index, uri, len(documents), tokens, longest))
                if poison:
                    write_quarantine(path, poison)
                    objects.upload(
                        path, layout.quarantine_shard(shard.index), "application/jsonlines"
                    )
                    read_store.load_quarantine(manifest.batch_id, poison)
                quarantined_count += len(poison)
    validation = Validation(tuple(clean), quarantined_count, tuple(results))
    records.save_validation(validation)
    if not clean:
        report = gate.render_report(
            title=f"Batch {manifest.batch_id}", facts=batch_facts(manifest), results=results
        )
        objects.write_text(layout.quality_report, report, REPORT_CONTENT_TYPE)
        raise NoValidDocuments(
            f"batch {manifest.batch_id} ({', '.join(manifest.batch_uris)}): "
            f"all {quarantined_count:,} documents are in quarantine; none is left to classify"
        )
    return validation


def split(
    rows: list[RawDocument], verdict: ShardVerdict
) -> tuple[list[Document], list[QuarantinedDocument]]:
    """Part rows into clean documents and quarantined ones; together they are all the rows."""
    poison_at = {row.position: row for row in verdict.poison}
    documents: list[Document] = []
    quarantined: list[QuarantinedDocument] = []
    for position, row in enumerate(rows):
        poison = poison_at.get(position)
        if poison is not None:
            quarantined.append(
                QuarantinedDocument(
                    row.row, row.id, poison.reason, poison.detail, excerpt(row.text)
                )
            )
        else:
            if row.id is None or row.text is None:
                raise ValueError(f"row {row.row} passed the quality gate without id or text")
            document = Document(row.id, row.text)
            if _is_too_long(document):
                detail = f"over {MAX_RECORD_BYTES:,} bytes as one record: no lane takes it"
                reason = QuarantineReason.TOO_LONG
                quarantined.append(
                    QuarantinedDocument(row.row, row.id, reason, detail, excerpt(row.text))
                )
            else:
                documents.append(document)
    return documents, quarantined


def _is_too_long(document: Document) -> bool:
    # One character is at most twelve bytes: a pair of surrogates, each escaped.
    if 12 * (len(document.id) + len(document.text)) + 100 < MAX_RECORD_BYTES:
        return False
    return len(record_line(document)) > MAX_RECORD_BYTES
