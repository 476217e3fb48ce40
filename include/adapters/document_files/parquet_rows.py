"""Parquet with the columns `id` and `text`; others are not even read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.document_files.fields import document, not_utf8, too_long
from include.domain.documents import RawDocument
from include.domain.errors import UnreadableBatch

ROWS_READ = 512


def parquet_rows(path: Path, *, uri: str, max_text_bytes: int) -> Iterator[RawDocument]:
    """Yield every row of a Parquet file, some hundred of them in memory at a time.

    Raises:
        UnreadableBatch: the file is no Parquet, is broken, or lacks a column of a fitting type.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            _check_columns(file.schema_arrow, uri)
            row = 0
            for batch in file.iter_batches(ROWS_READ, columns=["id", "text"], use_threads=False):
                ids, texts = _values(batch.column("id")), _values(batch.column("text"))
                for id_, text in zip(ids, texts, strict=True):
                    yield _row(row, id_, text, max_text_bytes)
                    row += 1
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise UnreadableBatch(f"batch {uri}: not a readable Parquet file: {reason}") from error


def _check_columns(schema: pa.Schema, uri: str) -> None:
    for name in ("id", "text"):
        count = schema.names.count(name)
        if count != 1:
            problem = "no column" if count == 0 else "more than one column"
            found = ", ".join(map(repr, schema.names[:10])) or "none"
            raise UnreadableBatch(
                f"batch {uri}: the Parquet file has {problem} {name!r}; it has {found}"
            )
        type_ = schema.field(name).type
        if pa.types.is_dictionary(type_):
            type_ = type_.value_type
        is_text = _is_bytes_like(type_) or pa.types.is_null(type_)
        if not is_text and not (name == "id" and pa.types.is_integer(type_)):
            raise UnreadableBatch(
                f"batch {uri}: the Parquet column {name!r} has the type {type_}, not string"
            )


def _is_bytes_like(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
        or pa.types.is_binary_view(type_)
    )


def _values(column: Any) -> list[bytes | int | None]:
    """Return a column's values, strings as their bytes: a file may claim UTF-8 that is none."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_integer(column.type) or pa.types.is_null(column.type):
        values: list[bytes | int | None] = column.to_pylist()
    else:
        values = column.cast(pa.large_binary()).to_pylist()
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
