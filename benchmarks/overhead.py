"""20,000 documents: the share of the wall time that is not the model's."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.harness import Harness

DOCUMENTS = 20_000
GOAL_SHARE = 0.15


def run(harness: Harness) -> dict[str, Any]:
    """Run one enterprise batch; compare its wall time with the model's own."""
    figures = harness.run_batch(
        count=DOCUMENTS, seed=int(time.time()), account="enterprise-meridian"
    )
    if figures.elapsed_s is None:
        raise RuntimeError(f"batch {figures.batch_id} has no closing time")
    model_s = harness.model_seconds(figures)
    share = 1 - model_s / figures.elapsed_s
    print(
        f"{DOCUMENTS:,} documents on {figures.lane}: {figures.elapsed_s:.1f} s from trigger to "
        f"both stores, {model_s:.1f} s of it in the model; outside {share:.1%} "
        f"(goal: at most {GOAL_SHARE:.0%})"
    )
    return {
        "what": "share of the wall time, trigger to both stores, in which the model did not run",
        "documents": DOCUMENTS,
        "lane": figures.lane,
        "elapsed_s": round(figures.elapsed_s, 2),
        "model_s": round(model_s, 2),
        "documents_per_s": round(DOCUMENTS / figures.elapsed_s, 1),
        "share_outside_model": round(share, 4),
        "goal_share": GOAL_SHARE,
        "goal_met": share <= GOAL_SHARE,
    }
