"""Parquet shards: the columns `id` and `text`, some rows at a time; others are not even read."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .records import Fault, FaultCode, Parsed, Record
from .shard_error import ShardError
from .wire import MAX_RECORD_BYTES, parse_fields

_COLUMNS = ["id", "text"]
_ROWS_AT_ONCE = 64
_READ_BYTES = 64 * 1024
"""Read at a time of a column. Without it a row group's whole column is read before its first row,
and writers make groups of a million rows: 100 MB of short texts, gigabytes of long ones."""

_FOOTER_TAIL_BYTES = 8  # the footer's length and the magic bytes, behind the footer
_ARROW_SCHEMA = b"ARROW:schema"


def read_parquet(shard: Path) -> Iterator[Parsed]:
    """Yield a record for each row, in order.

    Raises:
        ShardError: it is no Parquet, is broken, or its columns are not two of text.
    """
    with _opened(shard) as file:
        # Without threads of its own: the cores are the model's.
        for batch in file.iter_batches(_ROWS_AT_ONCE, columns=_COLUMNS, use_threads=False):
            ids, texts = (_values(batch.column(name)) for name in _COLUMNS)
            yield from map(_record, ids, texts)


def count_rows(shard: Path) -> int:
    """Number of rows, as the file's footer has it.

    Raises:
        ShardError: as `read_parquet`.
    """
    with _opened(shard) as file:
        return int(file.metadata.num_rows)


@contextmanager
def _opened(shard: Path) -> Iterator[pq.ParquetFile]:
    try:
        metadata = _read_footer(shard)
        with pq.ParquetFile(
            shard, metadata=metadata, pre_buffer=False, buffer_size=_READ_BYTES
        ) as file:
            _check_columns(file.schema_arrow, shard)
            yield file
    except (pa.ArrowException, OSError) as error:
        reason = next(iter(str(error).splitlines()), repr(error))
        raise ShardError(f"{shard.name}: not readable Parquet: {reason}") from error


def _read_footer(shard: Path) -> pq.FileMetaData:
    """The file's description, without the Arrow types that its writer may have left in it.

    By those, a column may come as dictionaries that grow from batch to batch: 1.7 GB for 200,000
    texts. Without them it comes as the text that it is.
    """
    with shard.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _FOOTER_TAIL_BYTES, 0))
        length = int.from_bytes(file.read(4), "little") + _FOOTER_TAIL_BYTES
        file.seek(max(size - length, 0))
        footer = file.read(length).replace(_ARROW_SCHEMA, _ARROW_SCHEMA.lower())
    return pq.read_metadata(io.BytesIO(b"PAR1" + footer))


def _check_columns(schema: pa.Schema, shard: Path) -> None:
    for name in _COLUMNS:
        if schema.names.count(name) != 1:
            found = ", ".join(map(repr, schema.names[:10]))
            raise ShardError(f"{shard.name}: not one column {name!r} among {found or 'none'}")
        type_ = schema.field(name).type
        if not (pa.types.is_string(type_) or pa.types.is_binary(type_) or pa.types.is_null(type_)):
            raise ShardError(f"{shard.name}: column {name!r} has the type {type_}, not string")


def _values(column: pa.Array) -> list[bytes | None]:
    """A column's values as bytes: a file may claim UTF-8 that is none."""
    values: list[bytes | None] = column.cast(pa.binary()).to_pylist()
    return values


def _record(id_: bytes | None, text: bytes | None) -> Parsed:
    record = parse_fields(_decoded(id_), _decoded(text))
    if isinstance(record, Record) and len(id_ or b"") + len(text or b"") > MAX_RECORD_BYTES:
        message = f"record exceeds {MAX_RECORD_BYTES} bytes"
        return Fault(record.id, FaultCode.TOO_LARGE, message)
    return record


def _decoded(value: bytes | None) -> str | None:
    """Text in which bytes that are not UTF-8 are lone surrogates, which no field may hold."""
    return None if value is None else value.decode("utf-8", "surrogateescape")
