"""Feedback as CSV: columns `document_id` and `label`, and optionally `batch_id` and `given_at`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from include.adapters.document_files.csv_rows import CsvRecord, CsvRecords
from include.domain.errors import EmptyBatch, UnreadableBatch
from include.domain.feedback import FeedbackFault, FeedbackRow, RefusedRow

COLUMNS = ("document_id", "label", "batch_id", "given_at")
NEEDED = COLUMNS[:2]
EXCERPT_CHARACTERS = 200
DEFAULT_MAX_LINE_BYTES = 2**16


class FeedbackFileReader:
    """`FeedbackReader` on CSV files."""

    def __init__(self, max_line_bytes: int = DEFAULT_MAX_LINE_BYTES) -> None:
        self._max_line_bytes = max_line_bytes

    def read(self, path: Path, *, uri: str) -> Iterator[FeedbackRow | RefusedRow]:
        """See `FeedbackReader.read`."""
        with path.open("rb") as file:
            records = CsvRecords(file, uri, self._max_line_bytes)
            header = next(records, None)
            if header is None:
                raise EmptyBatch(f"feedback {uri}: the file is empty")
            names = _names(header, uri)
            records.width = len(names)
            for row, record in enumerate(records):
                yield _row(row, record, names)


def _names(header: CsvRecord, uri: str) -> list[str]:
    if header.fields is None:
        raise UnreadableBatch(f"feedback {uri}: the header cannot be read: {header.problem}")
    names = [name.strip().lower().removeprefix("\ufeff") for name in header.fields]
    missing = [name for name in NEEDED if names.count(name) != 1]
    if missing:
        raise UnreadableBatch(
            f"feedback {uri}: the header needs each of {', '.join(NEEDED)} once; "
            f"it has {', '.join(repr(name[:40]) for name in names[:10])}"
        )
    return names


def _row(row: int, record: CsvRecord, names: Sequence[str]) -> FeedbackRow | RefusedRow:
    if record.fields is None:
        return RefusedRow(
            row, FeedbackFault.BAD_ROW, f"{record.where} is not CSV: {record.problem}"
        )
    found = {name: field.strip() for name, field in zip(names, record.fields, strict=True)}
    excerpt = ",".join(record.fields)[:EXCERPT_CHARACTERS]
    excerpt = excerpt.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if any(not _is_text(found.get(name, "")) for name in COLUMNS):
        detail = f"{record.where} holds bytes that are not UTF-8, or a NUL"
        return RefusedRow(row, FeedbackFault.NOT_UTF8, detail, excerpt)
    if not found["document_id"]:
        return RefusedRow(
            row, FeedbackFault.MISSING_ID, f"{record.where} has no document_id", excerpt
        )
    if not found["label"]:
        return RefusedRow(row, FeedbackFault.MISSING_LABEL, f"{record.where} has no label", excerpt)
    given_at = None
    if found.get("given_at"):
        try:
            given_at = datetime.fromisoformat(found["given_at"])
        except ValueError:
            detail = f"{record.where}: given_at is not a time such as 2026-01-31T12:00:00Z"
            return RefusedRow(row, FeedbackFault.BAD_TIME, detail, excerpt)
        if given_at.tzinfo is None:
            given_at = given_at.replace(tzinfo=UTC)
    return FeedbackRow(
        row, found["document_id"], found["label"], found.get("batch_id") or None, given_at
    )


def _is_text(field: str) -> bool:
    # What was not UTF-8 has become half a surrogate pair.
    try:
        field.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in field
