"""A shard cut into chunks: as lines where its format has lines, else as records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from serving.batching import windows
from serving.shard_files import ShardFormat, read_shard, shard_format, shard_lines

from .chunk import Source

CHUNK_BYTES = 256 * 1024
"""About a thousand headlines: 50,000 tokens."""

CHUNK_DOCUMENTS = 1024


def shard_chunks(shard: Path) -> Iterator[Source]:
    """Yield a shard's chunks in order; lines are parsed later, elsewhere.

    Raises:
        ShardError: as `serving.shard_files.read_shard`.
    """
    if shard_format(shard) is ShardFormat.PARQUET:
        yield from windows(read_shard(shard), CHUNK_DOCUMENTS)
    else:
        yield from _cut(shard_lines(shard))


def _cut(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= CHUNK_BYTES or len(chunk) == CHUNK_DOCUMENTS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
