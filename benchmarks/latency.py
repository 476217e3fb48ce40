"""The demo document: from trigger to both stores."""

from __future__ import annotations

import statistics
import time
from typing import Any

from benchmarks.harness import Harness

RUNS = 20
GOAL_MEDIAN_S = 5.0


def run(harness: Harness) -> dict[str, Any]:
    """Submit one document at a time, 20 times after one that warms, and print the distribution."""
    seed = int(time.time())
    harness.run_batch(count=1, seed=seed, account="demo-visitor")
    seconds = []
    for number in range(1, RUNS + 1):
        figures = harness.run_batch(count=1, seed=seed + number, account="demo-visitor")
        if figures.elapsed_s is None:
            raise RuntimeError(f"batch {figures.batch_id} has no closing time")
        seconds.append(figures.elapsed_s)
    median = statistics.median(seconds)
    print(
        f"one document, trigger to both stores, {RUNS} runs: "
        f"median {median:.2f} s, min {min(seconds):.2f}, max {max(seconds):.2f} "
        f"(goal: median under {GOAL_MEDIAN_S:g} s)"
    )
    return {
        "what": "seconds from REST trigger to the last row in both stores, one document",
        "seconds": [round(value, 3) for value in seconds],
        "median_s": round(median, 3),
        "goal_median_s": GOAL_MEDIAN_S,
        "goal_met": median < GOAL_MEDIAN_S,
    }
