"""`python -m include.cli.attainment`: the share of deadlines that were met, by week and tier."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

from include.domain.errors import TwolaneError
from include.domain.sla.objectives import WeekOfTier
from include.files.lanes_file import LanesFile
from include.wiring.watch import watch

COLUMNS = (
    ("week from", 10),
    ("tier", 10),
    ("batches", 8),
    ("met", 8),
    ("failed", 7),
    ("in time", 8),
    ("objective", 9),
    ("p50 s", 9),
    ("p95 s", 9),
    ("due s", 7),
)


def table(weeks: Iterable[WeekOfTier], lanes: LanesFile) -> str:
    """Return the weeks beside what each tier is promised; one that fell short is marked."""
    lines = ["  ".join(f"{name:>{width}}" for name, width in COLUMNS)]
    for each in weeks:
        objective = lanes.objective(each.tier)
        cells = (
            each.week.isoformat(),
            each.tier.value,
            f"{each.batches:,}",
            f"{each.met:,}",
            f"{each.failed:,}",
            f"{each.attainment:.2%}",
            f"{objective.attainment:.2%}",
            _seconds(each.p50_s),
            _seconds(each.p95_s),
            _seconds(objective.deadline_s),
        )
        row = "  ".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, COLUMNS, strict=True))
        lines.append(row + ("" if each.keeps(objective) else "  missed"))
    return "\n".join(lines)


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m include.cli.attainment", description=__doc__)
    parser.add_argument("--weeks", type=int, default=4, help="how far to look back")
    options = parser.parse_args(arguments)
    try:
        product = watch()
        weeks = product.attainment(options.weeks)
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    print(table(weeks, product.lanes))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
