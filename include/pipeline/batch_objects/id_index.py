"""Which ids a batch has shown already, in constant memory: an SQLite file that goes with it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class IdIndex:
    """Remembers ids on disk. Holds 16 bytes of an id's BLAKE2b hash, never the id."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA cache_size = -16384")
        self._connection.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def add(self, ids: Sequence[str | None]) -> list[int]:
        """Remember ids; return the positions of those that had been seen before.

        None stands for a row without an id and is never a duplicate.
        """
        insert = "INSERT OR IGNORE INTO seen VALUES (?)"
        duplicates = []
        for position, document_id in enumerate(ids):
            if document_id is None:
                continue
            digest = hashlib.blake2b(document_id.encode("utf-8", "surrogatepass"), digest_size=16)
            if self._connection.execute(insert, (digest.digest(),)).rowcount == 0:
                duplicates.append(position)
        return duplicates
