"""CSV with a header that has the columns `id` and `text`; others are ignored."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from include.adapters.document_files.fields import document, faulty, not_utf8, too_long
from include.adapters.document_files.lines import Line, bounded_lines
from include.domain.batches.documents import QuarantineReason, RawDocument
from include.domain.errors import EmptyBatch, UnreadableBatch

REREAD_FACTOR = 16
"""A file whose stray quotes make us read more than this many times the record bound twice is
given up: else such quotes could make the reading quadratic."""


def csv_rows(stream: BinaryIO, *, uri: str, max_line_bytes: int) -> Iterator[RawDocument]:
    """Yield a row for each record behind the header.

    A record that the rules of CSV do not allow (a stray quote, another number of fields than the
    header) is a faulty row, and the reading goes on with the line behind its first one: a quote
    that is never closed costs its own line and not the rest of the file.

    Raises:
        EmptyBatch: there is no header.
        UnreadableBatch: the header lacks a column, or stray quotes are everywhere.
    """
    records = CsvRecords(stream, uri, max_line_bytes)
    header = next(records, None)
    if header is None:
        raise EmptyBatch(f"batch {uri}: the file is empty")
    names = _header(header, uri)
    records.width = len(names)
    columns = names.index("id"), names.index("text")
    for row, record in enumerate(records):
        yield _row(row, record, columns, max_line_bytes)


class CsvRecord:
    """One CSV record; `fields` is None where it could not be parsed and `problem` says why."""

    def __init__(self, where: str, fields: Sequence[str] | None, problem: str = "") -> None:
        self.where = where
        self.fields = fields
        self.problem = problem


_TOO_LONG = "too long"


class CsvRecords:
    """Records of a CSV stream, each within the bound, read on behind a broken one.

    Attributes:
        width: fields a record must have, None while the header is not known.
    """

    def __init__(self, stream: BinaryIO, uri: str, max_bytes: int) -> None:
        self.width: int | None = None
        self._uri = uri
        self._max_bytes = max_bytes
        self._lines = bounded_lines(stream, max_bytes)
        self._again: deque[Line] = deque()
        self._reread_bytes = 0
        # The limit is the process's own, and so is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), max_bytes))

    def __iter__(self) -> Iterator[CsvRecord]:
        return self

    def __next__(self) -> CsvRecord:
        for line in self._take():
            if line.content is None or line.content.strip():
                return self._parse(line)
        raise StopIteration

    def _parse(self, first: Line) -> CsvRecord:
        if first.content is None:
            return CsvRecord(f"line {first.number}", None, _TOO_LONG)
        taken: list[Line] = []
        reader = csv.reader(self._feed(first, taken), strict=True)
        try:
            fields = next(reader)
        except csv.Error as error:
            problem = str(error)
        except _Overflow:
            problem = _TOO_LONG
        else:
            if self.width in (None, len(fields)):
                return CsvRecord(f"line {first.number}", fields)
            problem = f"it has {len(fields)} fields where the header has {self.width}"
        self._put_back(taken)
        return CsvRecord(f"line {first.number}", None, problem)

    def _take(self) -> Iterator[Line]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            yield line

    def _feed(self, first: Line, taken: list[Line]) -> Iterator[str]:
        """Give the parser the record's lines; bytes that are not UTF-8 become surrogates."""
        yield (first.content or b"").decode("utf-8", "surrogateescape")
        record_bytes = len(first.content or b"")
        for line in self._take():
            taken.append(line)
            record_bytes += len(line.content or b"")
            if line.content is None or record_bytes > self._max_bytes:
                raise _Overflow
            yield line.content.decode("utf-8", "surrogateescape")

    def _put_back(self, taken: list[Line]) -> None:
        self._again.extendleft(reversed(taken))
        self._reread_bytes += sum(len(line.content or b"") for line in taken)
        if self._reread_bytes > REREAD_FACTOR * self._max_bytes:
            raise UnreadableBatch(
                f"batch {self._uri}: not CSV: quotes do not pair up in too many places, "
                f"the last before line {taken[-1].number}"
            )


class _Overflow(Exception):
    """The record is past the bound. Never leaves this module."""


def _header(header: CsvRecord, uri: str) -> list[str]:
    if header.fields is None:
        raise UnreadableBatch(f"batch {uri}: the CSV header cannot be read: {header.problem}")
    names = [name.strip().lower() for name in header.fields]
    found = ", ".join(repr(name[:40]) for name in names[:10])
    for wanted in ("id", "text"):
        if names.count(wanted) != 1:
            problem = "no column" if wanted not in names else "more than one column"
            raise UnreadableBatch(
                f"batch {uri}: the CSV header has {problem} {wanted!r}; it has {found}"
            )
    return names


def _row(row: int, record: CsvRecord, columns: tuple[int, int], max_line_bytes: int) -> RawDocument:
    if record.fields is None:
        if record.problem == _TOO_LONG:
            return too_long(row, record.where, max_line_bytes)
        detail = f"{record.where} is not CSV: {record.problem}"
        return faulty(row, QuarantineReason.BAD_ROW, detail)
    id_, text = (record.fields[column] for column in columns)
    for field in (id_, text):
        try:
            field.encode("utf-8", "surrogateescape").decode("utf-8")
        except UnicodeDecodeError as error:
            return not_utf8(row, record.where, error)
    return document(row, record.where, id_ or None, text)
