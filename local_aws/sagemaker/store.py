"""What the service knows, written through to SQLite so that a restart remembers it."""

import dataclasses
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    kind TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, name)
);
CREATE TABLE IF NOT EXISTS tags (
    arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (arn, key)
);
"""


@dataclasses.dataclass
class Record:
    """One model, configuration, endpoint or job.

    Attributes:
        request: the request that made it, as it was accepted.
        fields: what the service adds: status, times in epoch seconds, reasons.
    """

    kind: str
    name: str
    arn: str
    created_s: float
    request: dict[str, Any]
    fields: dict[str, Any]

    @property
    def status(self) -> str:
        """``fields["Status"]``, the one status name all kinds share in here."""
        return str(self.fields.get("Status", ""))


class Store:
    """Records by kind and name, and tags by ARN. Used from the event loop's thread alone."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)  # requests may carry what a user keeps to himself
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_SCHEMA)
        self._records: dict[tuple[str, str], Record] = {}
        for (document,) in self._database.execute("SELECT document FROM resources"):
            record = Record(**json.loads(document))
            self._records[record.kind, record.name] = record

    def get(self, kind: str, name: str) -> Record | None:
        """The record, or None."""
        return self._records.get((kind, name))

    def of_kind(self, kind: str) -> list[Record]:
        """All records of a kind."""
        return [record for record in self._records.values() if record.kind == kind]

    def save(self, record: Record) -> None:
        """Insert or replace ``record``."""
        self._records[record.kind, record.name] = record
        self._database.execute(
            "INSERT OR REPLACE INTO resources VALUES (?, ?, ?)",
            (record.kind, record.name, json.dumps(dataclasses.asdict(record))),
        )

    def delete(self, record: Record) -> None:
        """Forget ``record`` and its tags; deleting what is not there is no error."""
        self._records.pop((record.kind, record.name), None)
        self._database.execute(
            "DELETE FROM resources WHERE kind = ? AND name = ?", (record.kind, record.name)
        )
        self._database.execute("DELETE FROM tags WHERE arn = ?", (record.arn,))

    def add_tags(self, arn: str, tags: Iterable[dict[str, str]]) -> None:
        """Add or overwrite tags of ``arn``."""
        rows = [(arn, tag["Key"], tag["Value"]) for tag in tags]
        self._database.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", rows)

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags of ``arn`` by key."""
        rows = [(arn, key) for key in keys]
        self._database.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", rows)

    def tags(self, arn: str) -> list[dict[str, str]]:
        """Tags of ``arn``, by key."""
        query = "SELECT key, value FROM tags WHERE arn = ? ORDER BY key"
        return [
            {"Key": key, "Value": value} for key, value in self._database.execute(query, (arn,))
        ]

    def close(self) -> None:
        """Flush and close the database."""
        self._database.close()
