"""Fills a database with a ledger as large as asked."""

from __future__ import annotations

from pathlib import Path

import psycopg

LEDGER = Path(__file__).with_name("ledger.sql")
CHARGES_A_BATCH = 5


def fill(database_url: str, *, batches: int, accounts: int, days: int) -> int:
    """Write batches over the last days, and what they cost; return the number of charges.

    Args:
        database_url: of a migrated database without accounts.
    """
    values = {"batches": batches, "accounts": accounts, "days": days}
    # Values are put into the text here, since a statement's values cannot serve several.
    with psycopg.connect(database_url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(LEDGER.read_bytes(), values)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        row = connection.execute("SELECT count(*) FROM ledger").fetchone()
    return int(row[0]) if row else 0
