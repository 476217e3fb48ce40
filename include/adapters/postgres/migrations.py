"""Migrations: `include/sql/migrations/NNNN_name.sql`, in order, each once, and never changed.

Each file runs in its own transaction together with its row in `schema_migrations`. Processes that
migrate at the same time take turns by an advisory lock.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from include.adapters.postgres.queries import SQL_FOLDER
from include.domain.errors import StoreError

MIGRATIONS_FOLDER = SQL_FOLDER / "migrations"

_LOCK_KEY = 0x7477_6F6C_616E_65
"""The bytes of "twolane": any constant that no other user of the database takes."""

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_migrations IS 'Migrations that were applied.';
COMMENT ON COLUMN schema_migrations.checksum IS 'sha256 (hex) of the file as applied.';
"""


class MigrationRefused(StoreError):
    """What was applied and what the folder holds do not fit together."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; `checksum` is the sha256 (hex) of its text."""

    version: int
    name: str
    text: bytes
    checksum: str


def read_migrations(folder: Path = MIGRATIONS_FOLDER) -> list[Migration]:
    """Return the folder's migrations in order.

    Raises:
        MigrationRefused: a file name is not `NNNN_name.sql`, or two have one number.
    """
    found: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationRefused(f"{path}: not named NNNN_name.sql")
        version, text = int(match[1]), path.read_bytes()
        if version in found:
            raise MigrationRefused(
                f"{path}: its number is taken by {version:04d}_{found[version].name}.sql"
            )
        found[version] = Migration(version, match[2], text, hashlib.sha256(text).hexdigest())
    return list(found.values())


def migrate(url: str, folder: Path = MIGRATIONS_FOLDER) -> list[str]:
    """Apply what has not been applied; return the names of what was.

    Raises:
        MigrationRefused: a file that was applied has changed or is gone, or a new one sorts
            before it.
        StoreError: the database cannot be reached, or a migration fails; it leaves no trace then,
            and those before it stand.
    """
    migrations = read_migrations(folder)
    try:
        with psycopg.connect(
            url, autocommit=True, application_name="twolane-migrate"
        ) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK_KEY,))
            connection.execute("SET client_min_messages = warning")
            connection.execute(_LEDGER)
            pending = _pending(connection, migrations)
            for migration in pending:
                _apply(connection, migration)
    except psycopg.Error as exc:
        raise StoreError(f"cannot migrate: {' '.join(str(exc).split())}") from exc
    return [f"{each.version:04d}_{each.name}" for each in pending]


def _pending(connection: psycopg.Connection[Any], migrations: list[Migration]) -> list[Migration]:
    rows = connection.execute("SELECT version, name, checksum FROM schema_migrations ORDER BY 1")
    applied: dict[int, tuple[str, str]] = {row[0]: (row[1], row[2]) for row in rows}
    by_version = {migration.version: migration for migration in migrations}
    for version, (name, checksum) in applied.items():
        at = f"migration {version:04d}_{name}"
        if version not in by_version:
            raise MigrationRefused(f"{at} was applied, but its file is gone")
        if by_version[version].checksum != checksum:
            raise MigrationRefused(
                f"{at} was changed after it was applied; add a new migration instead"
            )
    latest = max(applied, default=0)
    pending = [migration for migration in migrations if migration.version not in applied]
    for migration in pending:
        if migration.version < latest:
            raise MigrationRefused(
                f"migration {migration.version:04d}_{migration.name} is new, but "
                f"{latest:04d} was applied already; give it a higher number"
            )
    return pending


def _apply(connection: psycopg.Connection[Any], migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(migration.text)
            connection.execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
                (migration.version, migration.name, migration.checksum),
            )
    except psycopg.Error as exc:
        at = f"migration {migration.version:04d}_{migration.name}"
        raise StoreError(f"{at} failed and was rolled back: {exc}") from exc
