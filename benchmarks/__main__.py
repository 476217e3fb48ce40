"""`python -m benchmarks [NAME ...]`: measure on the running stack; write `benchmarks/results/`."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import latency, memory, overhead
from benchmarks.harness import Harness

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = {"latency": latency.run, "overhead": overhead.run, "memory": memory.run}


def main(names: list[str]) -> int:
    """Run the named benchmarks, all by default; return 1 when a goal was missed."""
    unknown = sorted(set(names) - BENCHMARKS.keys())
    if unknown:
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    harness = Harness.from_environment()
    missed = []
    for name in names or list(BENCHMARKS):
        started = time.monotonic()
        result = BENCHMARKS[name](harness)
        result["machine"] = machine()
        result["took_s"] = round(time.monotonic() - started, 1)
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
        if not result["goal_met"]:
            missed.append(name)
    if missed:
        print(f"goal missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def machine() -> dict[str, object]:
    """Return what a result was measured on."""
    return {
        "cpu_count": os.cpu_count(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "emulated": "all AWS services; jobs really run, on this machine's CPU",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
