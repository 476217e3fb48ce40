"""The table of deadlines met."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from include.cli.attainment import table
from include.config import Settings
from include.domain.accounts import Tier
from include.domain.alerts import AlertKind
from include.domain.sla.objectives import WeekOfTier
from include.files.lanes_file import load_lanes
from include.pipeline.sla.watch_weeks import watch_weeks
from include.wiring.watch import Watch
from tests.support.fakes.alerts import FakeAlertBook
from tests.support.fakes.sla import FakeSlaBook

LANES = Path(__file__).parents[3] / "include" / "lanes"


def test_a_week_that_fell_short_is_marked() -> None:
    monday = date(2026, 3, 2)
    weeks = [
        WeekOfTier(monday, Tier.STANDARD, 200, 197, 1, 61.5, 840.25),
        WeekOfTier(monday, Tier.DEMO, 20, 19, 0, 1.5, 9.25),
        WeekOfTier(monday, Tier.TRIAL, 1, 0, 1, None, None),
    ]

    _, *rows = table(weeks, load_lanes(LANES / "local.toml")).splitlines()

    assert rows[0].split() == [
        *("2026-03-02", "standard", "200", "197", "1", "98.50%", "99.00%"),
        *("61.5", "840.2", "900.0", "missed"),
    ]
    assert "missed" not in rows[1]
    assert rows[2].split()[-4:-1] == ["-", "-", "60.0"]


@pytest.mark.parametrize(("weeks", "days_before"), [(1, 0), (2, 7)])
def test_weeks_are_whole_ones(weeks: int, days_before: int) -> None:
    asked: list[tuple[datetime, datetime]] = []

    class Book(FakeSlaBook):
        def attainment(self, since: datetime, now: datetime) -> Sequence[WeekOfTier]:
            asked.append((since, now))
            return []

    monday = datetime(2026, 3, 2, tzinfo=UTC)
    now = monday + timedelta(days=6, hours=23)
    settings = Settings(database_url="postgresql://nowhere")
    watch = Watch(settings, load_lanes(LANES / "local.toml"), now=lambda: now)
    watch.__dict__["sla_book"] = Book()
    watch.attainment(weeks)

    assert asked == [(monday - timedelta(days=days_before), now)]


def test_both_lanes_files_promise_every_tier_something() -> None:
    for name in ("aws.toml", "local.toml"):
        lanes = load_lanes(LANES / name)
        for tier in Tier:
            assert 0.9 <= lanes.objective(tier).attainment <= 1


def test_a_week_that_fell_short_is_posted_once_when_it_is_over() -> None:
    monday = datetime(2026, 3, 9, tzinfo=UTC)
    last, present = date(2026, 3, 2), date(2026, 3, 9)

    class Book(FakeSlaBook):
        def attainment(self, since: datetime, now: datetime) -> Sequence[WeekOfTier]:
            assert since == monday - timedelta(days=7)
            return [
                WeekOfTier(present, Tier.STANDARD, 10, 1, 9, None, None),
                WeekOfTier(last, Tier.STANDARD, 200, 197, 1, 61.5, 840.25),
                WeekOfTier(last, Tier.DEMO, 20, 19, 0, 1.5, 9.25),
            ]

    objective = load_lanes(LANES / "local.toml").objective
    alerts = FakeAlertBook()
    for hours in (1, 30):
        now = monday + timedelta(hours=hours)
        (short,) = watch_weeks(objective, now=now, book=Book(), alerts=alerts)
        assert (short.week, short.tier) == (last, Tier.STANDARD)

    (alert,) = alerts.posted
    assert (alert.kind, alert.subject, alert.at) == (AlertKind.WEEK_SHORT, "2026-03-02", monday)
    assert alert.title == "Week from 2026-03-02: standard fell short"
    assert alert.detail == "standard: 98.50% of 200 batches in time, 99.00% promised"


def test_a_week_in_which_every_promise_was_kept_is_no_news() -> None:
    alerts, lanes = FakeAlertBook(), load_lanes(LANES / "local.toml")
    now = datetime(2026, 3, 9, tzinfo=UTC)
    assert watch_weeks(lanes.objective, now=now, book=FakeSlaBook(), alerts=alerts) == []
    assert alerts.posted == []
