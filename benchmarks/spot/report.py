"""What was measured, in few numbers: gaps to the optimum, their ratio, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean
from typing import Any

from benchmarks.spot.measure import Measured

RIVAL = "uniform_progress"
GOAL = 0.5
RESAMPLES = 400
BLOCK = 3
"""Starts drawn together: neighbouring windows overlap, and are no independent samples."""


def summary(rows: Sequence[Measured]) -> dict[str, Any]:
    """Mean gaps by policy, and ours as a share of Uniform Progress's with its 95 % interval."""
    policies = list(rows[0].costs)
    gaps = {policy: fmean(fmean(row.gaps(policy)) for row in rows) for policy in policies}
    low, high = interval(rows)
    return {
        "jobs": sum(len(row.optimum) for row in rows),
        "optimum": _rounded(fmean(fmean(row.optimum) for row in rows)),
        "gap": {policy: _rounded(gap) for policy, gap in gaps.items()},
        "ours_over_uniform_progress": ratio(rows),
        "interval_95": [low, high],
        "late": {policy: sum(row.late[policy] for row in rows) for policy in policies},
    }


def ratio(rows: Sequence[Measured]) -> float | None:
    """Mean gap of ours over mean gap of Uniform Progress; None where that one has none."""
    rival = fmean(fmean(row.gaps(RIVAL)) for row in rows)
    return None if rival < 1e-9 else _rounded(fmean(fmean(r.gaps("ours")) for r in rows) / rival)


def interval(rows: Sequence[Measured]) -> tuple[float | None, float | None]:
    """95 % interval of the ratio: blocks of starts of each trace are drawn anew.

    All cells of a trace are measured at the same starts and are drawn together.
    """
    random = Random(0)  # noqa: S311
    sums = [_by_start(rows, trace) for trace in sorted({row.trace for row in rows})]
    ratios = []
    for _ in range(RESAMPLES):
        ours = rival = 0.0
        for starts in sums:
            drawn = _blocks(random, starts)
            ours += fmean(pair[0] for pair in drawn)
            rival += fmean(pair[1] for pair in drawn)
        if rival > 1e-9:
            ratios.append(ours / rival)
    if not ratios:
        return None, None
    ratios.sort()
    return _rounded(ratios[int(0.025 * len(ratios))]), _rounded(ratios[int(0.975 * len(ratios))])


def by(rows: Sequence[Measured], key: Callable[[Measured], Any]) -> dict[str, Any]:
    """A summary for each value of the key."""
    keys = sorted({key(row) for row in rows})
    return {str(k): summary([row for row in rows if key(row) == k]) for k in keys}


def worst(rows: Sequence[Measured], count: int = 5) -> list[dict[str, Any]]:
    """The cells in which ours lies furthest above half of Uniform Progress's gap."""
    lines = [line(row) for row in rows]
    return sorted(lines, key=lambda x: x["gap_uniform_progress"] / 2 - x["gap_ours"])[:count]


def line(row: Measured) -> dict[str, Any]:
    """One cell on one trace, for the table."""
    return {
        "trace": row.trace,
        "deadline_h": row.cell.deadline_h,
        "job_fraction": round(row.cell.fraction, 3),
        "changeover_h": row.cell.changeover_h,
        "price_ratio": row.cell.price_ratio,
        "jobs": len(row.optimum),
        "optimum": _rounded(fmean(row.optimum)),
        **{f"gap_{policy}": _rounded(fmean(row.gaps(policy))) for policy in row.costs},
        "ours_over_uniform_progress": ratio([row]),
        "late_ours": row.late["ours"],
    }


def _by_start(rows: Sequence[Measured], trace: str) -> list[tuple[float, float]]:
    """Gaps of ours and of the rival at each start, over all cells."""
    own = [row for row in rows if row.trace == trace]
    ours = [fmean(gaps) for gaps in zip(*(row.gaps("ours") for row in own), strict=True)]
    rival = [fmean(gaps) for gaps in zip(*(row.gaps(RIVAL) for row in own), strict=True)]
    return list(zip(ours, rival, strict=True))


def _blocks(random: Random, starts: list[tuple[float, float]]) -> list[tuple[float, float]]:
    drawn: list[tuple[float, float]] = []
    while len(drawn) < len(starts):
        first = random.randrange(len(starts))
        drawn += [starts[(first + i) % len(starts)] for i in range(BLOCK)]
    return drawn[: len(starts)]


def _rounded(value: float) -> float:
    return round(value, 4)
