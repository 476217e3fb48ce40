"""GpuBook on PostgreSQL: samples do not pile up for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from include.adapters.postgres.database import Database
from include.adapters.postgres.lanes.gpu_book import SAMPLES_KEPT, PostgresGpuBook
from include.domain.gpus.idleness import Finding, Standing
from include.domain.gpus.resources import HeldInstances, ResourceKind

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SEEN = Finding(
    HeldInstances(
        "twolane-news-v3-async", ResourceKind.ASYNC_ENDPOINT, "ml.g4dn.xlarge", 1, NOW, NOW
    ),
    Standing.BUSY,
    "it is in use",
    utilisation=0.5,
)


def test_samples_are_kept_for_their_time_and_no_longer(product_database_url: str) -> None:
    database = Database(product_database_url)
    book = PostgresGpuBook(database)
    for at in (NOW - SAMPLES_KEPT - timedelta(seconds=1), NOW - SAMPLES_KEPT, NOW):
        book.add_samples([SEEN], at=at, is_emulated=True)

    with database.transaction("samples") as connection:
        kept = connection.execute("SELECT at FROM gpu_samples ORDER BY at").fetchall()
    database.close()
    assert kept == [(NOW - SAMPLES_KEPT,), (NOW,)]
