"""PageBook on PostgreSQL: every figure of a rendered page against the tables themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from benchmarks.page.compare import differences, figures_of, truth
from benchmarks.page.load import fill
from include.adapters.page.page import render_page
from include.adapters.postgres.database import Database
from include.adapters.postgres.lanes.curve_book import PostgresCurveBook
from include.adapters.postgres.money.page_book import SNAPSHOT, PostgresPageBook
from include.domain.errors import StoreError
from include.domain.queues.lane_class import LaneClass
from include.files.lanes_file import load_lanes
from include.pipeline.alerts.ports import QueueGauge
from include.pipeline.page.figures import Window
from include.pipeline.page.overview import Overview, overview
from tests.support.airflow_home import REPOSITORY
from tests.support.fakes.alerts import FakeQueueGauges

NOW = datetime.now(UTC)
WINDOW = Window(NOW.date() - timedelta(days=29), NOW.date())


@pytest.fixture
def database(product_database_url: str) -> Iterator[Database]:
    database = Database(product_database_url)
    yield database
    database.close()


def look(database: Database, window: Window) -> Overview:
    lanes = load_lanes(REPOSITORY / "include" / "lanes" / "aws.toml")
    return overview(
        window,
        now=NOW,
        profiles=lanes.profiles(),
        promised=lanes.attainment,
        default_model="news-topic",
        book=PostgresPageBook(database),
        curve_book=PostgresCurveBook(database),
        queues={LaneClass.EXPRESS: "fast", LaneClass.BULK: "slow"},
        gauges=FakeQueueGauges(slow=QueueGauge(41, 90.0)),
    )


def test_every_figure_is_what_the_tables_say(database: Database, product_database_url: str) -> None:
    fill(product_database_url, batches=400, accounts=5, days=40)
    with psycopg.connect(product_database_url) as connection:
        connection.execute("UPDATE batches SET lane = NULL WHERE run_id = 'run-7'")
        connection.execute(
            "INSERT INTO savings SELECT 's-' || n, 'async', 'async_endpoint', 'idle', "
            "'scaled to zero', 'ml.x', 1, %(at)s, 1, n, true, %(at)s, %(at)s, %(at)s, %(at)s "
            "FROM generate_series(1, 25) AS n",
            {"at": NOW},
        )
        connection.execute(
            "INSERT INTO usage_charges (x_charge_id, x_kind, x_model_name, x_is_emulated, "
            "charge_period_start, charge_period_end, service_name, resource_id, sku_id, "
            "pricing_quantity, pricing_unit, list_unit_price, list_cost, billed_cost, "
            "x_waste_list_cost) SELECT kind, kind, 'model-0', true, %(at)s, %(at)s, 'Amazon "
            "SageMaker', kind, 'ml.x', 1, 'Hours', 1, 1, 0, waste FROM (VALUES "
            "('provisioned_concurrency', 0.9), ('training', 0), ('evaluation', 1), "
            "('comparison', 0.1), ('calibration', 1)) AS beside (kind, waste)",
            {"at": NOW},
        )

    shown = figures_of(render_page(look(database, WINDOW)))
    true = truth(product_database_url, WINDOW.first, WINDOW.last)

    assert differences(shown, true) == []
    assert len(shown) > 150
    kinds = {name.split("/")[0] for name in shown}
    assert {
        "day",
        "lane",
        "account",
        "model",
        "waste",
        "queue",
        "spot",
        "champion",
        "seen",
        "week",
    } <= kinds
    assert shown["challenger/model-0@6"] > shown["challenger/model-1@8"] > 0
    assert {"alert/deadline_missed", "alert/run_late/dag-3", "alert/queue_depth/queue-1"} <= set(
        shown
    )
    apart = [shown[f"{part}_list_cost_usd"] for part in ("warm", "failed", "probes")]
    assert apart == pytest.approx([0.9, 1.1, 1.0]), "each waste by itself"
    assert shown["list_saved_usd"] == 325, "of all savings, also of those the list leaves out"
    assert 0 < true["missed"] < true["batches"] < 400, "some days lie before the window"

    wrong = {**shown, "list_cost_usd": shown["list_cost_usd"] * 1.000001, "invented": 1.0}
    assert len(differences(wrong, true)) == 2, "a wrong figure would be seen"


def test_dots_are_the_latest_batches_with_all_they_cost(
    database: Database, product_database_url: str
) -> None:
    fill(product_database_url, batches=300, accounts=3, days=20)

    closed = look(database, WINDOW).figures.closed

    with psycopg.connect(product_database_url) as connection:
        rows = connection.execute(
            "SELECT b.batch_id, sum(l.list_cost) FROM batches b JOIN ledger l "
            "ON l.x_batch_id = b.batch_id WHERE state = 'succeeded' GROUP BY 1, b.submitted_at "
            "ORDER BY b.submitted_at DESC"
        ).fetchall()
    assert [each.batch_id for each in closed] == [batch_id for batch_id, _ in rows]
    for each, (_, cost) in zip(closed, rows, strict=True):
        assert each.list_cost_usd == pytest.approx(cost, abs=1e-8)
        assert each.per_document_usd == pytest.approx(cost / each.documents, abs=1e-8)


def test_traffic_is_an_accounts_batches_up_to_a_limit(
    database: Database, product_database_url: str
) -> None:
    fill(product_database_url, batches=300, accounts=3, days=20)
    book = PostgresPageBook(database)

    everyone, one = book.traffic(WINDOW, None, 1000), book.traffic(WINDOW, "account-1", 1000)

    assert 0 < len(one) < len(everyone)
    assert book.traffic(WINDOW, None, 7) == everyone[:7]
    assert {each.deadline_s for each in one} == {3600.0}


def test_the_page_writes_nothing_and_an_empty_product_has_a_page(database: Database) -> None:
    assert "Nothing was charged" in render_page(look(database, WINDOW))
    database.close()
    with pytest.raises(StoreError, match="read-only"):
        delete_in_the_pages_snapshot(database)


def delete_in_the_pages_snapshot(database: Database) -> None:
    with database.transaction("a try") as connection:
        connection.execute(SNAPSHOT)
        connection.execute("DELETE FROM budgets")
