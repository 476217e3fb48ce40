"""Lines of a byte stream, none longer in memory than a bound."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

SKIP_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        number: counted from 1, as an editor shows it.
        content: the bytes with their line end, None where they exceed the bound.
    """

    number: int
    content: bytes | None


def bounded_lines(stream: BinaryIO, max_bytes: int) -> Iterator[Line]:
    r"""Yield the lines of a stream, split at `\n` alone; a byte order mark is dropped.

    A longer line is skipped over without being held, and the reading goes on behind it.

    Args:
        stream: read from where it stands.
        max_bytes: the longest line handed out, its line end not counted.
    """
    read_bytes = max_bytes + len(b"\r\n")
    number = 0
    while content := stream.readline(read_bytes):
        number += 1
        is_cut = len(content) == read_bytes and not content.endswith(b"\n")
        if is_cut:
            _skip_line(stream)
        if is_cut or len(_without_end(content)) > max_bytes:
            yield Line(number, None)
        else:
            yield Line(number, content.removeprefix(codecs.BOM_UTF8) if number == 1 else content)


def _without_end(content: bytes) -> bytes:
    return content.removesuffix(b"\n").removesuffix(b"\r")


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(SKIP_BYTES)) and not rest.endswith(b"\n"):
        pass
