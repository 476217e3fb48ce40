"""The wire format: bytes to records, answers to bytes. See `contract/README.md`."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from .records import Answer, Fault, FaultCode, Parsed, Prediction, Record

JSON_LINES = "application/jsonlines"
CSV = "text/csv"
CSV_REQUEST_HEADER = ["id", "text"]
CSV_RESPONSE_HEADER = ["id", "label", "score", "error"]
MAX_RECORD_BYTES = 6 * 1024 * 1024
"""The longest line read; SageMaker's default payload limit, and a bound on memory."""

_SCORE_DIGITS = 6


def parse_json_line(line: bytes) -> Parsed:
    """Read one JSON Lines record. Never raises: what is wrong with a record is data."""
    if len(line) > MAX_RECORD_BYTES:
        return Fault(None, FaultCode.TOO_LARGE, f"record exceeds {MAX_RECORD_BYTES} bytes")
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Fault(None, FaultCode.NOT_UTF8, f"byte {error.start} is not UTF-8")
    except (ValueError, RecursionError):
        return Fault(None, FaultCode.NOT_JSON, "line is not JSON")
    if not isinstance(value, dict):
        return Fault(None, FaultCode.NOT_AN_OBJECT, "line is not a JSON object")
    return parse_fields(value.get("id"), value.get("text"))


def parse_json_lines(lines: Iterable[bytes]) -> Iterator[Parsed]:
    """Read records line by line, lazily; blank lines are no records."""
    for line in lines:
        if line.strip():
            yield parse_json_line(line)


def parse_fields(id_: object, text: object) -> Parsed:
    """Check a record's id and text, whatever they were read from. Never raises."""
    if not isinstance(id_, str) or not id_.strip():
        return Fault(None, FaultCode.MISSING_ID, "id is not a non-empty string")
    if not _is_encodable(id_):
        return Fault(None, FaultCode.NOT_UTF8, "id is not valid Unicode")
    if not isinstance(text, str):
        return Fault(id_, FaultCode.MISSING_TEXT, "text is not a string")
    if not _is_encodable(text):
        return Fault(id_, FaultCode.NOT_UTF8, "text is not valid Unicode")
    if not text.strip():
        return Fault(id_, FaultCode.EMPTY_TEXT, "text is empty")
    return Record(id_, text)


def read_lines(stream: BinaryIO, max_bytes: int = MAX_RECORD_BYTES) -> Iterator[bytes]:
    """Yield a stream's lines; one over `max_bytes` comes as its first `max_bytes + 1` bytes.

    So no line, however long, is ever wholly in memory. A byte order mark is dropped.
    """
    is_first = True
    while line := stream.readline(max_bytes + 1):
        if len(line) > max_bytes and not line.endswith(b"\n"):
            rest = stream.readline(max_bytes)
            while rest and not rest.endswith(b"\n"):
                rest = stream.readline(max_bytes)
        yield line.removeprefix(codecs.BOM_UTF8) if is_first else line
        is_first = False


def parse_csv(body: bytes) -> tuple[bool, list[Parsed]]:
    """Read a CSV payload of columns id and text.

    A payload that a transform job split may lack the header, so it is optional.

    Returns:
        Whether the first row was the header, and the records.
    """
    csv.field_size_limit(max(MAX_RECORD_BYTES, len(body) + 1))
    text = body.decode("utf-8-sig", errors="surrogateescape")
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    has_header = bool(rows) and [cell.strip().lower() for cell in rows[0]] == CSV_REQUEST_HEADER
    return has_header, [_parse_row(row) for row in rows[has_header:]]


def format_json_line(answer: Answer) -> bytes:
    """One response line, newline included."""
    body: dict[str, Any]
    match answer:
        case Prediction(id=id_, label=label, score=score, stage=stage, heads=heads):
            body = {"id": id_, "label": label, "score": round(score, _SCORE_DIGITS)}
            if stage is not None:
                body["stage"] = stage.value
            if heads:
                body["heads"] = {
                    head.name: {"label": head.label, "score": round(head.score, _SCORE_DIGITS)}
                    for head in heads
                }
        case Fault(id=fault_id, code=code, message=message):
            body = {"id": fault_id, "error": {"code": code.value, "message": message}}
    return json.dumps(body, ensure_ascii=False).encode("utf-8") + b"\n"


def format_csv(answers: Iterable[Answer], has_header: bool) -> bytes:
    """A CSV response: id, label, score, error; the header where the request had one.

    Its columns are the same for every model, so it does not say which stage of a cascade answered,
    nor what the further heads of a bundle do.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    if has_header:
        writer.writerow(CSV_RESPONSE_HEADER)
    for answer in answers:
        match answer:
            case Prediction(id=id_, label=label, score=score):
                writer.writerow([id_, label, round(score, _SCORE_DIGITS), ""])
            case Fault(id=fault_id, code=code):
                writer.writerow([fault_id or "", "", "", code.value])
    return out.getvalue().encode("utf-8")


def _parse_row(row: list[str]) -> Parsed:
    if len(row) != len(CSV_REQUEST_HEADER):
        return Fault(None, FaultCode.BAD_ROW, f"row has {len(row)} columns, not 2")
    return parse_fields(row[0], row[1])


def _is_encodable(text: str) -> bool:
    """False where a lone surrogate (from a JSON escape or a bad byte) stands in the text."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
