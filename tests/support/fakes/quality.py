"""QualityGate and DocumentReader in plain Python."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from include.domain.batches.documents import QuarantineReason, RawDocument
from include.domain.batches.predictions import Prediction
from include.domain.errors import EmptyBatch
from include.pipeline.ports.quality import ExpectationResult, PoisonRow, ShardVerdict


class FakeQualityGate:
    """The rules of the suites, without a report worth reading."""

    def check_documents(
        self, rows: Sequence[RawDocument], duplicate_positions: Sequence[int]
    ) -> ShardVerdict:
        duplicates = set(duplicate_positions)
        poison = []
        for position, row in enumerate(rows):
            reason = row.fault
            if reason is None and row.id is None:
                reason = QuarantineReason.MISSING_ID
            if reason is None and row.text is None:
                reason = QuarantineReason.MISSING_TEXT
            if reason is None and not (row.text or "").strip():
                reason = QuarantineReason.EMPTY_TEXT
            if reason is None and position in duplicates:
                reason = QuarantineReason.DUPLICATE_ID
            if reason is not None:
                poison.append(PoisonRow(position, reason, row.detail or reason.value))
        result = ExpectationResult("documents are sound", len(rows), len(poison))
        return ShardVerdict(tuple(poison), (result,))

    def check_predictions(
        self, predictions: Sequence[Prediction], *, labels: Sequence[str]
    ) -> ShardVerdict:
        poison = [
            PoisonRow(position, QuarantineReason.MODEL_ERROR, f"label {prediction.label!r}")
            for position, prediction in enumerate(predictions)
            if prediction.label not in labels or not 0 <= prediction.score <= 1
        ]
        result = ExpectationResult("predictions are sound", len(predictions), len(poison))
        return ShardVerdict(tuple(poison), (result,))

    def render_report(
        self, *, title: str, facts: dict[str, str], results: Sequence[ExpectationResult]
    ) -> str:
        return f"<h1>{title}</h1>{facts}{list(results)}"


class FakeReader:
    """Reads JSON Lines; a line that is not JSON is a fault of that row."""

    def read(self, path: Path, *, uri: str) -> Iterator[RawDocument]:
        lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
        if not lines:
            raise EmptyBatch(f"batch {uri!r}: the file holds no document")
        for row, line in enumerate(lines):
            try:
                record = json.loads(line)
            except ValueError:
                yield RawDocument(row, None, None, QuarantineReason.NOT_JSON, "not JSON")
            else:
                yield RawDocument(row, record.get("id"), record.get("text"))
