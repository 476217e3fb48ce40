"""The table of deadlines met."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from include.cli.attainment import table
from include.config import load_lanes
from include.domain.accounts import Tier
from include.domain.sla.objectives import WeekOfTier

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


def test_both_lanes_files_promise_every_tier_something() -> None:
    for name in ("aws.toml", "local.toml"):
        lanes = load_lanes(LANES / name)
        for tier in Tier:
            assert 0.9 <= lanes.objective(tier).attainment <= 1
