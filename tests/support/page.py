"""Figures of a page, as a small product would have them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

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

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = NOW.date()
WINDOW = Window(DAY - timedelta(days=29), DAY)


def empty_figures() -> PageFigures:
    """Of a product that has done nothing yet."""
    none = SpotRecord(0, 0, 0, 0, 0, 0.0)
    return PageFigures(WINDOW, *[()] * 8, spot=none, versions=(), gpus=(), savings=(),
        saved_usd=0.0, alerts=(), foreseen=ForeseenMisses(0, 0, 0, 0), late_stages=(), weeks=(),
    )  # fmt: skip


def some_figures() -> PageFigures:
    """Two days on two lanes, an idle endpoint, a batch that runs, one of everything else."""
    yesterday = DAY - timedelta(days=1)
    return PageFigures(
        window=WINDOW,
        spend=(
            Spend(yesterday, "serverless", 5, 0.02, 0.0, 0.0, True),
            Spend(DAY, "spot", 3, 0.30, 0.0, 0.10, True),
            Spend(DAY, "", 1, 0.68, 0.0, 0.68, True),
        ),
        shares=(
            Share("account", "", 0.68, 0.0, 0.68, True),
            Share("account", "trial-<b>lumen", 0.32, 0.0, 0.10, True),
            Share("kind", "endpoint_time", 0.68, 0.0, 0.68, True),
            Share("kind", "instance_time", 0.32, 0.0, 0.10, True),
            Share("model", "news-topic@1", 0.32, 0.0, 0.10, True),
        ),
        work=(
            Work(yesterday, "serverless", 2, 300, 2, 0, 0, 0),
            Work(DAY, "spot", 3, 1700, 1, 1, 1, 1),
        ),
        closed=(_closed("b-1", "serverless", 150, 0.01), _closed("b-2", "spot", 1700, 0.30)),
        running=(
            RunningBatch(
                "b-3", "manual/1", "standard-harbor", "spot", 900, NOW + 2 * _HOUR, 0.97,
                NOW + 3 * _HOUR, "leave_spot"
            ),
        ),
        waste=(Waste("cold_start", 0.08), Waste("interrupted", 0.02)),
        queues=(QueueDepth("bulk", "waiting", 4, NOW - _HOUR),),
        settled=(QueueSettled("bulk", 7, 1),),
        spot=SpotRecord(3, 5, 2, 2, 1, 1.5),
        versions=(
            VersionInService("news-topic", "2", "challenger", "canary", "ada", NOW - _HOUR, 150),
            VersionInService("news-topic", "1", "champion", "rolled_back", "ops", NOW - _HOUR,
                             2000),
        ),
        gpus=(
            GpuPeriod(NOW, _HOUR, "async_endpoint", None, True),
            GpuPeriod(NOW + _HOUR, _HOUR, "async_endpoint", 0.4, True),
            GpuPeriod(NOW + 3 * _HOUR, _HOUR, "async_endpoint", 0.2, True),
        ),
        savings=(
            Saving("async", "async_endpoint", "idle", "scaled to zero", "ml.g4dn.xlarge", 1, NOW,
                   0.5, True, True),
        ),
        saved_usd=2.5,
        alerts=(
            RecentAlert("run_late", "watch_drift", "A run of watch_drift is late", "due", "look",
                        NOW, 1, 20),
        ),
        foreseen=ForeseenMisses(4, 3, 2, 1),
        late_stages=(LateStage("lane", 1),),
        weeks=(
            TierWeek(date(2026, 11, 16), "demo", 20, 19),
            TierWeek(date(2026, 11, 16), "standard", 200, 197),
            TierWeek(date(2026, 11, 9), "standard", 100, 100),
        ),
    )  # fmt: skip


_HOUR = timedelta(hours=1)


def _closed(batch_id: str, lane: str, documents: int, usd: float) -> ClosedBatch:
    return ClosedBatch(
        batch_id, f"run-{batch_id}", "trial-lumen", "news-topic", lane, documents, documents * 50,
        usd, usd / documents, True, True,
    )  # fmt: skip


class FakePageBook:
    """Gives the figures it was made with."""

    def __init__(self, figures: PageFigures) -> None:
        self._figures = figures
        self.asked: list[Window] = []
        self.traffic_asked: tuple[str | None, int] | None = None

    def figures(self, window: Window) -> PageFigures:
        self.asked.append(window)
        return self._figures

    def traffic(self, window: Window, account: str | None, limit: int) -> list[Arrival]:
        """Three batches, whoever is asked for but nobody."""
        self.traffic_asked = (account, window.days)
        batches = [] if account == "nobody" else [Arrival(NOW, 1000, 50_000, 600.0)] * 3
        return batches[:limit]
