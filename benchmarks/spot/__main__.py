"""`make bench-spot`: every policy on real and synthetic availability; writes `results/spot*`."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.spot import chart, report, synthetic
from benchmarks.spot.baselines import BASELINES
from benchmarks.spot.grid import DEADLINES_H, Cell, full_grid, small_grid
from benchmarks.spot.measure import Measured, Task, measure
from benchmarks.spot.traces import TUNED_ON, Trace, fitted, load
from include.domain.spot.dwell import Belief

CERTAIN = 1e9
"""Runs that a belief is worth which nothing seen can shake."""

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
DEFAULT_TRACES = ROOT.parent / "shared/data/spot-traces"


def main(argv: list[str]) -> int:
    """Measure, write, print; return 1 when the goal was missed on held-out traces."""
    options = _options(argv)
    began = time.monotonic()
    longest_s = max(DEADLINES_H) * 3600
    found = load(options.traces)
    traces = [trace for trace in found if trace.starts(options.windows, longest_s)]
    for trace in found:
        if trace not in traces:
            print(f"{trace.name} is shorter than the longest deadline; left out")
    if not traces:
        print(f"no traces in {options.traces}: give a folder with --traces; nothing was measured")
        return 0
    defaults = [Belief()] * len(traces)
    grid = small_grid() if options.quick else full_grid()

    def run(
        cells: list[Cell], on: list[Trace], beliefs: list[Belief], knows_history: bool = False
    ) -> list[Measured]:
        rivals = (report.RIVAL,) if knows_history else tuple(BASELINES)
        tasks = [
            Task(
                cell=cell,
                traces=tuple(on),
                beliefs=tuple(beliefs),
                windows=options.windows,
                longest_s=longest_s,
                baselines=rivals,
                knows_history=knows_history,
            )
            for cell in sorted(cells)
        ]
        return measure(tasks, options.processes)

    rows = run(grid, traces, defaults)
    refitted = [fitted([t for t in traces if t.zone != trace.zone] or traces) for trace in traces]
    made_up = synthetic.traces()
    result = {
        **_real(rows),
        "middle_of_the_grid": _split([row for row in rows if row.cell in small_grid()]),
        "leave_one_zone_out": {
            "what": "the belief fitted anew on all other zones; the grid's middle",
            "belief": {t.name: asdict(b) for t, b in zip(traces, refitted, strict=True)},
            **_split(run(small_grid(), traces, refitted)),
        },
        "knowing_the_hazards": {
            "what": "the hazards of the very trace, known from the start and not learnt; the "
            "grid's middle: what more knowledge of this form could gain",
            **_split(run(small_grid(), traces, [fitted([trace], CERTAIN) for trace in traces])),
        },
        "with_history": {
            "what": "ours is also given what was seen of the trace before the job's start; the "
            "grid's middle",
            **_split(run(small_grid(), traces, defaults, knows_history=True)),
        },
        "synthetic": _split(run(small_grid(), made_up, [Belief()] * len(made_up))),
        "availability": {trace.name: round(trace.share, 3) for trace in (*traces, *made_up)},
        "windows_per_trace": options.windows,
        "took_s": round(time.monotonic() - began, 1),
    }
    _write(options.results, result, rows)
    _print(result)
    return 0 if result["goal_met"] else 1


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spot", description=__doc__)
    parser.add_argument("--traces", type=Path, default=DEFAULT_TRACES, help="folder of traces")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    parser.add_argument("--windows", type=int, default=16, help="starts a trace")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--quick", action="store_true", help="the grid's middle alone")
    return parser.parse_args(argv)


def _real(rows: list[Measured]) -> dict[str, Any]:
    """The real traces: what was held out, what was tuned on, and where it is worst."""
    held_out = [row for row in rows if row.trace not in TUNED_ON]
    tuned = [row for row in rows if row.trace in TUNED_ON]
    summary = report.summary(held_out or rows)
    late = sum(row.late["ours"] for row in rows)
    is_near = (summary["ours_over_uniform_progress"] or 0.0) <= report.GOAL
    return {
        "goal": "no deadline missed; on held-out traces, ours at most half of Uniform Progress's "
        "gap to the offline optimum",
        "goal_met": late == 0 and is_near,
        "unit": "gap: cost above the offline optimum, as a share of on demand's compute cost",
        "held_out": summary,
        "tuned_on": report.summary(tuned) if tuned else None,
        "tuned_on_names": list(TUNED_ON),
        "by_trace": report.by(rows, lambda row: row.trace),
        "held_out_by_deadline_h": report.by(held_out or rows, lambda row: row.cell.deadline_h),
        "held_out_by_changeover_h": report.by(held_out or rows, lambda row: row.cell.changeover_h),
        "held_out_by_price_ratio": report.by(held_out or rows, lambda row: row.cell.price_ratio),
        "worst_cells": report.worst(rows),
    }


def _split(rows: list[Measured]) -> dict[str, Any]:
    return {"all": report.summary(rows), "by_trace": report.by(rows, lambda row: row.trace)}


def _write(folder: Path, result: dict[str, Any], rows: list[Measured]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spot.json").write_text(json.dumps(result, indent=1) + "\n")
    lines = [report.line(row) for row in sorted(rows, key=lambda row: (row.trace, row.cell))]
    with (folder / "spot-table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    (folder / "spot.svg").write_text(chart.bars(result["by_trace"]))


def _print(result: dict[str, Any]) -> None:
    for name, part in (
        ("held out", result["held_out"]),
        ("tuned on", result["tuned_on"]),
        *result["by_trace"].items(),
        ("leave one zone out", result["leave_one_zone_out"]["all"]),
        ("knowing the hazards", result["knowing_the_hazards"]["all"]),
        ("with history", result["with_history"]["all"]),
        ("synthetic", result["synthetic"]["all"]),
    ):
        if part:
            ratio, (low, high) = part["ours_over_uniform_progress"], part["interval_95"]
            gaps = " ".join(f"{policy} {gap:.4f}" for policy, gap in part["gap"].items())
            print(f"{name}: ours/UP {ratio} [{low}, {high}]; late {part['late']['ours']}; {gaps}")
    print(f"goal {'met' if result['goal_met'] else 'MISSED'}; {result['took_s']} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
