"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from include.adapters.document_files.fields import document, faulty, not_utf8, too_long
from include.adapters.document_files.lines import bounded_lines
from include.domain.batches.documents import QuarantineReason, RawDocument


def json_lines_rows(stream: BinaryIO, *, max_line_bytes: int) -> Iterator[RawDocument]:
    """Yield a row for each line that is not blank."""
    row = 0
    for line in bounded_lines(stream, max_line_bytes):
        where = f"line {line.number}"
        if line.content is None:
            yield too_long(row, where, max_line_bytes)
        elif line.content.strip():
            yield _row(row, where, line.content)
        else:
            continue
        row += 1


def _row(row: int, where: str, content: bytes) -> RawDocument:
    try:
        record = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        return not_utf8(row, where, error)
    except json.JSONDecodeError as error:
        detail = f"{where} is not JSON: {error.msg} at column {error.colno}"
        return faulty(row, QuarantineReason.NOT_JSON, detail)
    except (ValueError, RecursionError):
        detail = f"{where} is not JSON we can read: its nesting or a number is out of bounds"
        return faulty(row, QuarantineReason.NOT_JSON, detail)
    if not isinstance(record, dict):
        return faulty(row, QuarantineReason.NOT_AN_OBJECT, f"{where} is JSON, but not an object")
    return document(row, where, record.get("id"), record.get("text"))
