"""JSON Lines shards on local disk: as pulled, clean, quarantined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from include.domain.batches.documents import (
    Document,
    QuarantinedDocument,
    QuarantineReason,
    RawDocument,
)
from include.domain.errors import RecordUnreadable

EXCERPT_CHARACTERS = 200


def write_raw(path: Path, rows: Iterable[RawDocument]) -> None:
    """Write rows as pulled, one JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            record: dict[str, object] = {"row": row.row, "id": row.id, "text": row.text}
            if row.fault is not None:
                record |= {"fault": row.fault.value, "detail": row.detail}
            file.write(json.dumps(record) + "\n")


def read_raw(path: Path) -> Iterator[RawDocument]:
    """Yield the rows `write_raw` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            fault = record.get("fault")
            yield RawDocument(
                row=record["row"],
                id=record["id"],
                text=record["text"],
                fault=QuarantineReason(fault) if fault else None,
                detail=record.get("detail", ""),
            )


def record_line(document: Document) -> bytes:
    """Return a document as one request line of the container (`include/models/contract/`)."""
    return json.dumps({"id": document.id, "text": document.text}).encode() + b"\n"


def read_record(line: bytes, *, source: str) -> Document:
    """Return the document of a request line.

    Args:
        source: the object the line stands in, for the message.

    Raises:
        RecordUnreadable: the line is not as `record_line` wrote it.
    """
    try:
        record = json.loads(line)
        return Document(str(record["id"]), str(record["text"]))
    except (ValueError, KeyError, TypeError) as exc:
        raise RecordUnreadable(f"{source}: not a request line: {line[:200]!r}") from exc


def write_documents(path: Path, documents: Iterable[Document]) -> int:
    """Write request lines; return the bytes of the longest."""
    longest = 0
    with path.open("wb") as file:
        for document in documents:
            line = record_line(document)
            longest = max(longest, len(line))
            file.write(line)
    return longest


def write_quarantine(path: Path, documents: Iterable[QuarantinedDocument]) -> None:
    """Write documents that were set aside, with their reasons."""
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(
                json.dumps(
                    {
                        "row": document.row,
                        "id": document.id,
                        "reason": document.reason.value,
                        "detail": document.detail,
                        "excerpt": document.excerpt,
                    }
                )
                + "\n"
            )


def excerpt(text: str | None) -> str:
    """Return the head of a text, safe to store and to show."""
    if not text:
        return ""
    return text[:EXCERPT_CHARACTERS].replace("\x00", "\N{SYMBOL FOR NULL}")
