"""A batch's file: texts of one's own under new ids, or the product's sample recombined."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

from stack.demo_documents import documents, read_parts


def write_batch(path: Path, count: int, source: Path | None, seed: int) -> None:
    """Write `count` documents as JSON Lines of `id` and `text`.

    Args:
        source: JSON Lines with a `text`; taken again from its start when it is used up. None for
            the product's sample.
        seed: goes into the ids, and chooses among the sample's combinations.

    Raises:
        ValueError: the source holds no document.
    """
    rows = _numbered(source, seed) if source else documents(count, seed, read_parts())
    with path.open("w", encoding="utf-8") as file:
        for row in itertools.islice(rows, count):
            file.write(json.dumps(row) + "\n")


def _numbered(source: Path, seed: int) -> Iterator[dict[str, str]]:
    for number, text in enumerate(_texts(source)):
        yield {"id": f"bench-{seed}-{number:07}", "text": text}


def _texts(source: Path) -> Iterator[str]:
    while True:
        count = 0
        with source.open(encoding="utf-8") as lines:
            for line in lines:
                count += 1
                yield json.loads(line)["text"]
        if not count:
            raise ValueError(f"{source} holds no document")
