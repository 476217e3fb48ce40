"""Standings on PostgreSQL: a few rows, however many charges there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.pipeline.money.gauges import Gauge, GaugeName


class PostgresStandings:
    """Table `daily_costs`, and those of batches, lanes and savings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def gauges(self, now: datetime) -> Sequence[Gauge]:
        """See `Standings.gauges`."""
        values = {"day": now.astimezone(UTC).date()}
        with self._database.transaction("where today stands") as connection:
            rows = connection.execute(query("figures_of_day"), values).fetchall()
        return [
            Gauge(GaugeName(name), value, {dimension: whose} if dimension else {})
            for name, dimension, whose, value in rows
            if value is not None
        ]
