"""VersionUsage on PostgreSQL: what batches and comparisons say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.promotion.retirement import VersionKey


class PostgresVersionUsage:
    """Tables `batches` and `comparisons`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pinned(self) -> Sequence[VersionKey]:
        """See `VersionUsage.pinned`."""
        with self._database.transaction("versions in use") as connection:
            rows = connection.execute(query("pinned_versions")).fetchall()
        return [VersionKey(*row) for row in rows]

    def last_used(self) -> Mapping[VersionKey, datetime]:
        """See `VersionUsage.last_used`."""
        with self._database.transaction("versions that were used") as connection:
            rows = connection.execute(query("last_used_versions")).fetchall()
        return {VersionKey(name, version): at for name, version, at in rows}
