"""Parquet with the columns `id` and `text`; others are not even read."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.document_files.fields import document, not_utf8, too_long
from include.adapters.document_files.parquet_pages import largest_page_bytes
from include.domain.batches.documents import RawDocument
from include.domain.errors import UnreadableBatch

COLUMNS = ("id", "text")
READ_BYTES = 2**16
"""Read at a time of a column; without it Arrow reads the whole column of a row group at once."""

MAX_PAGE_BYTES = 512 * 2**20
"""A page is held whole. Writers make pages of 1 MiB, or of 1,024 texts where those are longer."""

MAX_ROWS = 32
MAX_BATCH_BYTES = 64 * 2**20

_FOOTER_TAIL_BYTES = 8  # the footer's length and the magic bytes, behind the footer
_ARROW_SCHEMA = b"ARROW:schema"


def parquet_rows(
    path: Path, *, uri: str, max_text_bytes: int, max_expanded_bytes: int
) -> Iterator[RawDocument]:
    """Yield every row of a Parquet file, a few in memory at a time.

    Raises:
        UnreadableBatch: the file is no Parquet, is broken, lacks a column of a fitting type, has
            a page that expands past `MAX_PAGE_BYTES` or texts that come to too many bytes.
    """
    left_bytes = max_expanded_bytes
    try:
        metadata = _footer(path)
        with pq.ParquetFile(
            path, metadata=metadata, pre_buffer=False, buffer_size=READ_BYTES
        ) as file:
            _check_columns(file.schema_arrow, uri)
            rows = _rows_at_once(path, metadata, uri)
            row = 0
            for batch in file.iter_batches(rows, columns=list(COLUMNS), use_threads=False):
                ids, texts = (_values(batch.column(name)) for name in COLUMNS)
                left_bytes -= sum(len(text) for text in texts if isinstance(text, bytes))
                if left_bytes < 0:
                    raise UnreadableBatch(
                        f"batch {uri}: the Parquet file expands to more than is accepted"
                    )
                for id_, text in zip(ids, texts, strict=True):
                    yield _row(row, id_, text, max_text_bytes)
                    row += 1
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise UnreadableBatch(f"batch {uri}: not a readable Parquet file: {reason}") from error


def _footer(path: Path) -> pq.FileMetaData:
    """Read the file's description, without the Arrow types that its writer may have left in it.

    By those, a column may come as dictionaries that grow from batch to batch, to gigabytes.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _FOOTER_TAIL_BYTES, 0))
        length = int.from_bytes(file.read(4), "little") + _FOOTER_TAIL_BYTES
        file.seek(max(size - length, 0))
        footer = file.read(length).replace(_ARROW_SCHEMA, _ARROW_SCHEMA.lower())
    return pq.read_metadata(io.BytesIO(b"PAR1" + footer))


def _rows_at_once(path: Path, metadata: pq.FileMetaData, uri: str) -> int:
    """Return so many rows that they are within `MAX_BATCH_BYTES`, or one, whatever they repeat.

    No value is larger than the largest page, but a few bytes may say that it comes again and again.
    """
    with path.open("rb") as file:
        page_bytes = largest_page_bytes(file, _chunks(metadata))
    if page_bytes > MAX_PAGE_BYTES:
        raise UnreadableBatch(
            f"batch {uri}: a page of the Parquet file expands to {page_bytes:,} bytes; "
            f"at most {MAX_PAGE_BYTES:,} are accepted"
        )
    return min(max(MAX_BATCH_BYTES // max(page_bytes, 1), 1), MAX_ROWS)


def _chunks(metadata: pq.FileMetaData) -> Iterator[tuple[int, int]]:
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(index)
            if chunk.path_in_schema in COLUMNS:
                offsets = (chunk.dictionary_page_offset, chunk.data_page_offset)
                yield min(offset for offset in offsets if offset), chunk.total_compressed_size


def _check_columns(schema: pa.Schema, uri: str) -> None:
    for name in COLUMNS:
        count = schema.names.count(name)
        if count != 1:
            problem = "no column" if count == 0 else "more than one column"
            found = ", ".join(map(repr, schema.names[:10])) or "none"
            raise UnreadableBatch(
                f"batch {uri}: the Parquet file has {problem} {name!r}; it has {found}"
            )
        type_ = schema.field(name).type
        is_text = pa.types.is_string(type_) or pa.types.is_binary(type_) or pa.types.is_null(type_)
        if not is_text and not (name == "id" and pa.types.is_integer(type_)):
            raise UnreadableBatch(
                f"batch {uri}: the Parquet column {name!r} has the type {type_}, not string"
            )


def _values(column: Any) -> list[bytes | int | None]:
    """Return a column's values, strings as their bytes: a file may claim UTF-8 that is none."""
    if not pa.types.is_integer(column.type):
        column = column.cast(pa.binary())
    values: list[bytes | int | None] = column.to_pylist()
    return values


def _row(row: int, id_: bytes | int | None, text: bytes | int | None, limit: int) -> RawDocument:
    where = f"row {row + 1}"
    fields: list[str | int | None] = []
    for value in (id_, text):
        if isinstance(value, bytes):
            if len(value) > limit:
                return too_long(row, where, limit)
            try:
                fields.append(value.decode("utf-8"))
            except UnicodeDecodeError as error:
                return not_utf8(row, where, error)
        else:
            fields.append(value)
    return document(row, where, *fields)
