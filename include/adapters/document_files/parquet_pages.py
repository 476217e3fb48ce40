"""Sizes of Parquet pages, from their headers alone.

A page is decompressed whole, and its header says to how much: some bytes of a file can become
gigabytes. A header is the struct `PageHeader` of Parquet's format in Thrift's compact protocol:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import BinaryIO

EXPANDED_SIZE_FIELD = 2
COMPRESSED_SIZE_FIELD = 3

_MAX_DEPTH = 8
_MAX_VARINT_BYTES = 10


class PageError(ValueError):
    """What stands where a page header should does not read as one."""


def largest_page_bytes(file: BinaryIO, chunks: Iterable[tuple[int, int]]) -> int:
    """Return the expanded bytes of the largest page, dictionaries included; 0 without a page.

    Args:
        file: a Parquet file.
        chunks: first byte and length of each column chunk to look at.

    Raises:
        PageError: a chunk is not a sequence of pages.
    """
    largest = 0
    for start, length in chunks:
        file.seek(start)
        while file.tell() < start + length:
            header = _struct(file)
            try:
                expanded, compressed = header[EXPANDED_SIZE_FIELD], header[COMPRESSED_SIZE_FIELD]
            except KeyError as error:
                raise PageError("a page header without its sizes") from error
            if expanded < 0 or compressed < 0:
                raise PageError("a page of a negative size")
            largest = max(largest, expanded)
            file.seek(compressed, os.SEEK_CUR)
    return largest


def _struct(file: BinaryIO, depth: int = 0) -> dict[int, int]:
    """Read a struct; return its integers by field number, and skip what else is in it."""
    if depth > _MAX_DEPTH:
        raise PageError("a page header nested too deeply")
    integers: dict[int, int] = {}
    number = 0
    while head := _byte(file):
        step, kind = head >> 4, head & 0x0F
        number = number + step if step else _integer(file)
        match kind:
            case 1 | 2:  # true and false are in the kind itself
                pass
            case 3:
                _byte(file)
            case 4 | 5 | 6:
                integers[number] = _integer(file)
            case 7:
                file.seek(8, os.SEEK_CUR)
            case 8:
                file.seek(_varint(file), os.SEEK_CUR)
            case 12:
                _struct(file, depth + 1)
            case _:
                raise PageError(f"a page header with a field of kind {kind}")
    return integers


def _integer(file: BinaryIO) -> int:
    zigzag = _varint(file)
    return (zigzag >> 1) ^ -(zigzag & 1)


def _varint(file: BinaryIO) -> int:
    value = 0
    for position in range(_MAX_VARINT_BYTES):
        byte = _byte(file)
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return value
    raise PageError("a page header with an endless number")


def _byte(file: BinaryIO) -> int:
    byte = file.read(1)
    if not byte:
        raise PageError("a page header is cut short")
    return byte[0]
