"""Which format a batch file has, and its rows."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from include.adapters.document_files.csv_rows import csv_rows
from include.adapters.document_files.json_lines import json_lines_rows
from include.adapters.document_files.parquet_process import parquet_rows_apart
from include.domain.batches.documents import RawDocument
from include.domain.errors import EmptyBatch, UnreadableBatch

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
DEFAULT_MAX_LINE_BYTES = 8 * 2**20
DEFAULT_MAX_EXPANDED_BYTES = 16 * 2**30
DEFAULT_MAX_ROWS = 50_000_000


class _Format(StrEnum):
    JSON_LINES = "JSON Lines"
    CSV = "CSV"
    PARQUET = "Parquet"


_EXTENSIONS = {
    ".jsonl": _Format.JSON_LINES,
    ".ndjson": _Format.JSON_LINES,
    ".json": _Format.JSON_LINES,
    ".csv": _Format.CSV,
    ".parquet": _Format.PARQUET,
    ".pq": _Format.PARQUET,
}


class DocumentFileReader:
    """Reads JSON Lines, CSV and Parquet, gzip or not.

    Gzip and Parquet are known by their first bytes, JSON Lines and CSV by the extension.
    """

    def __init__(
        self,
        *,
        max_line_bytes: int = DEFAULT_MAX_LINE_BYTES,
        max_expanded_bytes: int = DEFAULT_MAX_EXPANDED_BYTES,
        max_rows: int = DEFAULT_MAX_ROWS,
    ) -> None:
        """Make a reader.

        Args:
            max_line_bytes: a longer line, CSV record or Parquet text is the fault of its row.
            max_expanded_bytes: what a gzip, or the texts of a Parquet file, may expand to.
            max_rows: rows of a file at the most, faulty ones included: a megabyte of gzip can
                hold a billion of them.
        """
        self._max_line_bytes = max_line_bytes
        self._max_expanded_bytes = max_expanded_bytes
        self._max_rows = max_rows

    def read(self, path: Path, *, uri: str) -> Iterator[RawDocument]:
        """Yield every row in file order, in constant memory, faulty rows marked.

        Args:
            path: a local copy of the file.
            uri: where it came from: its extension helps to tell the format, errors name it.

        Raises:
            UnreadableBatch: the file as a whole cannot be read.
            EmptyBatch: it holds no row.
            ReadingCutOff: the process that reads a Parquet file was ended from outside.
        """
        rows = 0
        with path.open("rb") as file:
            try:
                for row in self._rows(file, path, uri):
                    rows += 1
                    if rows > self._max_rows:
                        raise UnreadableBatch(
                            f"batch {uri}: the file has more than {self._max_rows:,} rows"
                        )
                    yield row
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise UnreadableBatch(f"batch {uri}: the gzip is corrupt: {error}") from error
        if not rows:
            raise EmptyBatch(f"batch {uri}: the file holds no document")

    def _rows(self, file: BinaryIO, path: Path, uri: str) -> Iterator[RawDocument]:
        head = _peek(file, len(PARQUET_MAGIC))
        if not head:
            raise EmptyBatch(f"batch {uri}: the file is empty")
        name = uri.lower()
        is_gzip = head.startswith(GZIP_MAGIC)
        if name.endswith(".gz") and not is_gzip:
            raise UnreadableBatch(f"batch {uri}: named as gzip, but it is not gzip")
        stream = file
        if is_gzip:
            stream = cast(BinaryIO, _BoundedGzip(file, uri, self._max_expanded_bytes))
            head = _peek(stream, len(PARQUET_MAGIC))
            if not head:
                raise EmptyBatch(f"batch {uri}: the gzip holds an empty file")
        match _format(name.removesuffix(".gz"), head, uri):
            case _Format.JSON_LINES:
                yield from json_lines_rows(stream, max_line_bytes=self._max_line_bytes)
            case _Format.CSV:
                yield from csv_rows(stream, uri=uri, max_line_bytes=self._max_line_bytes)
            case _Format.PARQUET:
                yield from self._parquet(stream if is_gzip else None, path, uri)

    def _parquet(self, stream: BinaryIO | None, path: Path, uri: str) -> Iterator[RawDocument]:
        rows = partial(
            parquet_rows_apart,
            uri=uri,
            max_text_bytes=self._max_line_bytes,
            max_expanded_bytes=self._max_expanded_bytes,
        )
        if stream is None:
            yield from rows(path)
            return
        # Parquet is read from its end, so that a gzip of it has to be laid out on disk.
        with tempfile.TemporaryDirectory(prefix="twolane-parquet-") as folder:
            expanded = Path(folder) / "expanded.parquet"
            with expanded.open("wb") as target:
                shutil.copyfileobj(stream, target, 2**20)
            yield from rows(expanded)


class _BoundedGzip(gzip.GzipFile):
    """A gzip that refuses to expand past a bound: some are made to fill disks."""

    def __init__(self, file: BinaryIO, uri: str, max_expanded_bytes: int) -> None:
        super().__init__(fileobj=file, mode="rb")
        self._uri = uri
        self._left = max_expanded_bytes

    def read(self, size: int | None = -1) -> bytes:
        return self._counted(super().read(size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._counted(super().readline(-1 if size is None else size))

    def _counted(self, content: bytes) -> bytes:
        self._left -= len(content)
        if self._left < 0:
            raise UnreadableBatch(f"batch {self._uri}: the gzip expands to more than is accepted")
        return content


def _peek(stream: BinaryIO, size: int) -> bytes:
    head = stream.read(size)
    stream.seek(0)
    return head


def _format(name: str, head: bytes, uri: str) -> _Format:
    """Tell the format of expanded content; `name` is the URI in lower case without `.gz`."""
    by_name = next((f for suffix, f in _EXTENSIONS.items() if name.endswith(suffix)), None)
    if head == PARQUET_MAGIC:
        return _Format.PARQUET
    if by_name is _Format.PARQUET:
        raise UnreadableBatch(f"batch {uri}: named as Parquet, but it is not Parquet")
    if by_name is None:
        raise UnreadableBatch(
            f"batch {uri}: no known format; name it .jsonl, .csv or .parquet, with .gz if gzipped"
        )
    return by_name
