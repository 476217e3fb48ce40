"""`make bench-page`: each query of the page on a ledger of a million rows.

Fills a database of its own on a PostgreSQL server of its own, times each query over 30 and 90 days,
and the whole page with its rendering. Writes `benchmarks/results/page.json` and `page.md`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.engine.machine import describe
from benchmarks.page.load import CHARGES_A_BATCH, fill
from include.adapters.page.page import render_page
from include.adapters.postgres.database import Database
from include.adapters.postgres.lanes.curve_book import PostgresCurveBook
from include.adapters.postgres.migrations import migrate
from include.adapters.postgres.money.page_book import QUERIES, PostgresPageBook, parameters
from include.adapters.postgres.queries import query
from include.files.lanes_file import load_lanes
from include.pipeline.page.figures import Window
from include.pipeline.page.overview import overview
from include.pipeline.page.what_if import MOST_BATCHES
from tests.support.fakes.alerts import FakeQueueGauges
from tests.support.postgres import running_postgres

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
GOAL_MS = 300.0
HISTORY_DAYS = 90
WINDOWS = (30, 90)


def main() -> int:
    """Fill, time, write, print; return 1 where the goal was missed."""
    options = _options()
    batches = round(options.rows / CHARGES_A_BATCH)
    with (
        tempfile.TemporaryDirectory(prefix="twolane-bench-page-") as folder,
        running_postgres(Path(folder)) as server,
    ):
        url = server.new_database()
        migrate(url)
        print(f"filling a ledger of {options.rows:,} rows", flush=True)
        rows = fill(url, batches=batches, accounts=40, days=HISTORY_DAYS)
        found = [
            timed for days in WINDOWS for timed in _queries(url, _window(days), options.repetitions)
        ]
        pages = {days: _page(url, _window(days), options.repetitions) for days in WINDOWS}
    slowest = max(found, key=lambda each: each["median_ms"])
    result: dict[str, Any] = {
        "goal": f"each query within {GOAL_MS:.0f} ms (median) on a million ledger rows",
        "goal_met": slowest["median_ms"] < GOAL_MS,
        "ledger_rows": rows,
        "batches": batches,
        "history_days": HISTORY_DAYS,
        "repetitions": options.repetitions,
        "slowest": slowest,
        "queries": found,
        "page_ms": pages,
        "machine": describe(),
    }
    table = _table(result)
    if options.write:
        (RESULTS / "page.json").write_text(json.dumps(result, indent=1) + "\n")
        (RESULTS / "page.md").write_text(table)
    print(table)
    return 0 if result["goal_met"] else 1


def _window(days: int) -> Window:
    today = datetime.now(UTC).date()
    return Window(today - timedelta(days=days - 1), today)


def _queries(url: str, window: Window, repetitions: int) -> list[dict[str, Any]]:
    found = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        for name in (*QUERIES, "page_traffic"):
            values = {**parameters(name, window), "account": None}
            if name == "page_traffic":
                values["limit"] = MOST_BATCHES + 1

            def ask(name: str = name, values: dict[str, Any] = values) -> int:
                return len(connection.execute(query(name), values).fetchall())

            found.append(
                {"query": name, "days": window.days, "rows": ask(), **_timed(ask, repetitions)}
            )
    return found


def _page(url: str, window: Window, repetitions: int) -> dict[str, float]:
    database = Database(url)
    lanes = load_lanes(ROOT / "include" / "lanes" / "aws.toml")

    def show() -> str:
        seen = overview(
            window,
            now=datetime.now(UTC),
            profiles=lanes.profiles(),
            promised=lanes.attainment,
            default_model="news-topic",
            book=PostgresPageBook(database),
            curve_book=PostgresCurveBook(database),
            queues={},
            gauges=FakeQueueGauges(),
        )
        return render_page(seen)

    size = len(show().encode())
    timed = _timed(show, repetitions)
    database.close()
    return {**timed, "kib": round(size / 1024, 1)}


def _timed(work: Callable[[], object], repetitions: int) -> dict[str, float]:
    took = []
    for _ in range(repetitions):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return {"median_ms": round(statistics.median(took), 1), "worst_ms": round(max(took), 1)}


def _table(result: dict[str, Any]) -> str:
    lines = [
        "# The page on a large ledger",
        "",
        f"{result['ledger_rows']:,} charges of {result['batches']:,} batches over "
        f"{result['history_days']} days and 40 accounts, drawn at random; PostgreSQL on the same "
        f"machine ({result['machine']['processor']}). Milliseconds, median and "
        f"worst of {result['repetitions']} after a first. "
        f"Goal: {result['goal']}: {'met' if result['goal_met'] else 'MISSED'}.",
        "",
        "| Query | rows | 30 days | worst | 90 days | worst |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    by_name: dict[str, dict[int, dict[str, Any]]] = {}
    for each in result["queries"]:
        by_name.setdefault(each["query"], {})[each["days"]] = each
    for name, found in by_name.items():
        cells = [
            f"{found[days][key]:,.1f}" for days in WINDOWS for key in ("median_ms", "worst_ms")
        ]
        lines.append(f"| `{name}` | {found[WINDOWS[-1]]['rows']:,} | {' | '.join(cells)} |")
    pages = result["page_ms"]
    cells = [f"{pages[days][key]:,.1f}" for days in WINDOWS for key in ("median_ms", "worst_ms")]
    lines.append(f"| all of them, and the page rendered | | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="charges in the ledger")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--no-write", dest="write", action="store_false", help="print alone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
