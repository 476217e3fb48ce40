"""SQL texts, from `include/sql/queries`. Values are bound, never formatted in."""

from __future__ import annotations

from functools import cache
from pathlib import Path

SQL_FOLDER = Path(__file__).resolve().parents[2] / "sql"


@cache
def query(name: str) -> bytes:
    """Return the text of `include/sql/queries/<name>.sql`."""
    return (SQL_FOLDER / "queries" / f"{name}.sql").read_bytes()
