"""The documents to measure: a file, repeated until there are enough."""

from __future__ import annotations

from pathlib import Path

from serving.records import Record
from serving.shard_files import read_shard


def repeated(documents: Path, count: int, target: Path) -> Path:
    """Write the first `count` documents to `target`, from the start again where they end."""
    lines = [line for line in documents.read_bytes().splitlines(keepends=True) if line.strip()]
    with target.open("wb") as out:
        for position in range(count):
            out.write(lines[position % len(lines)])
    return target


def texts_of(shard: Path) -> list[str]:
    """The texts of a shard, in order."""
    return [record.text for record in read_shard(shard) if isinstance(record, Record)]
