"""Standings on PostgreSQL: a few rows, however many charges there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.pipeline.money.gauges import Gauge, GaugeName

LANE = "Lane"


class PostgresStandings:
    """Tables `daily_costs` and `batches`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def gauges(self, now: datetime) -> Sequence[Gauge]:
        """See `Standings.gauges`."""
        values = {"day": now.astimezone(UTC).date()}
        with self._database.transaction("where today stands") as connection:
            lanes = connection.execute(query("costs_today_by_lane"), values).fetchall()
            met, missed = connection.execute(query("deadlines_of_day"), values).fetchall()[0]
        return [
            *(Gauge(GaugeName.LIST_COST_TODAY, usd, {LANE: lane}) for lane, usd, _ in lanes),
            *(Gauge(GaugeName.WASTE_TODAY, usd, {LANE: lane}) for lane, _, usd in lanes),
            Gauge(GaugeName.DEADLINES_MET, float(met)),
            Gauge(GaugeName.DEADLINES_MISSED, float(missed)),
        ]
