"""PageBook on PostgreSQL: one look at everything, which writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.what_if.scenario import Arrival
from include.pipeline.page.figures import (
    ClosedBatch,
    ForeseenMisses,
    GpuPeriod,
    LateStage,
    PageFigures,
    QueueDepth,
    QueueSettled,
    RecentAlert,
    RunningBatch,
    Saving,
    Share,
    Spend,
    SpotRecord,
    TierWeek,
    VersionInService,
    Waste,
    Window,
    Work,
)

if TYPE_CHECKING:
    from psycopg import Connection

QUERIES = (
    *("page_spend", "page_shares", "page_work", "page_batches", "page_running", "page_waste"),
    *("page_queues", "page_settled", "page_spot", "page_versions", "page_gpus", "page_savings"),
    *("page_saved", "page_alerts", "page_risks", "page_late_stages", "page_weeks"),
)
MOST_BATCHES = 2000
"""Dots on the page, the latest; a phone draws them in time."""

MOST_LINES = 20
"""Rows of a list on the page."""

SNAPSHOT = b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
TIMEOUT = b"SET LOCAL statement_timeout = '10s'"

Row = TypeVar("Row")


class PostgresPageBook:
    """The product's tables, read in one snapshot, so that figures on a page agree."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def figures(self, window: Window) -> PageFigures:
        """See `PageBook.figures`."""
        with self._database.transaction("the page's figures") as connection:
            connection.execute(SNAPSHOT)
            connection.execute(TIMEOUT)
            return _read(connection, window)

    def traffic(self, window: Window, account: str | None, limit: int) -> list[Arrival]:
        """See `PageBook.traffic`."""
        values = {
            "first": window.first,
            "last": window.last,
            "account": account,
            "limit": limit,
        }
        with self._database.transaction("traffic for the page") as connection:
            connection.execute(SNAPSHOT)
            connection.execute(TIMEOUT)
            return [Arrival(*row) for row in connection.execute(query("page_traffic"), values)]


def parameters(name: str, window: Window) -> dict[str, object]:
    """Return what a query of the page is bound to."""
    limit = MOST_BATCHES if name == "page_batches" else MOST_LINES
    return {"first": window.first, "last": window.last, "limit": limit}


def _read(connection: Connection[Any], window: Window) -> PageFigures:
    def rows(name: str, make: Callable[..., Row]) -> tuple[Row, ...]:
        found = connection.execute(query(name), parameters(name, window))
        return tuple(make(*row) for row in found)

    (foreseen,) = rows("page_risks", ForeseenMisses)
    (spot,) = rows("page_spot", SpotRecord)
    (saved_usd,) = rows("page_saved", float)
    return PageFigures(
        window=window,
        spend=rows("page_spend", Spend),
        shares=rows("page_shares", Share),
        work=rows("page_work", Work),
        closed=rows("page_batches", ClosedBatch),
        running=rows("page_running", RunningBatch),
        waste=rows("page_waste", Waste),
        queues=rows("page_queues", QueueDepth),
        settled=rows("page_settled", QueueSettled),
        spot=spot,
        versions=rows("page_versions", VersionInService),
        gpus=rows("page_gpus", GpuPeriod),
        savings=rows("page_savings", Saving),
        saved_usd=saved_usd,
        alerts=rows("page_alerts", RecentAlert),
        foreseen=foreseen,
        late_stages=rows("page_late_stages", LateStage),
        weeks=rows("page_weeks", TierWeek),
    )
