"""Puts parts of the matrix that were run apart into one table.

`python -m benchmarks.chaos.merge FOLDER…` reads each folder's `chaos.json` and writes
`benchmarks/results/chaos.{json,md}`. Where a case stands in several parts, one that was met counts
before one whose moment was missed, and what went wrong before what went right.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.__main__ import RESULTS
from benchmarks.chaos.report import Case, write

_RANK = {"missed": 0, "sound": 1, "stuck": 2, "unsound": 2}


def main(arguments: Sequence[str] | None = None) -> int:
    """Merge; return 0 when every case was met and sound."""
    parser = argparse.ArgumentParser(prog="benchmarks.chaos.merge", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    parts = [json.loads((folder / "chaos.json").read_text()) for folder in options.folders]
    cases = merged(Case(**case) for part in parts for case in part["cases"])
    sums: Counter[str] = Counter()
    for part in parts:
        sums.update(part["totals"])
    write(options.results, cases, dict(sums), facts(parts))
    return 0 if all(case.outcome == "sound" for case in cases) else 1


def merged(cases: Iterable[Case]) -> list[Case]:
    """Return one case a victim, lane and moment, in the order they first stand in."""
    kept: dict[tuple[str, str, str], Case] = {}
    for case in cases:
        key = case.victim, case.lane, case.moment
        if key not in kept or _RANK[case.outcome] > _RANK[kept[key].outcome]:
            kept[key] = case
    return list(kept.values())


def facts(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what is said of the whole: rounds and minutes of the parts, added up."""
    return {
        "minutes": round(sum(float(part["minutes"]) for part in parts), 1),
        "machine": parts[0]["machine"],
        "rounds": sum(int(part["rounds"]) for part in parts),
        "parts": len(parts),
    }


if __name__ == "__main__":
    raise SystemExit(main())
