"""The express path: from the REST trigger to rows that can be read in both stores."""

from __future__ import annotations

import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.background import BulkLoad
from benchmarks.harness import Harness
from benchmarks.readers import StoreReaders
from stack.demo_documents import documents, read_parts
from stack.submission import DAG_ID, EXPRESS_DAG_ID, Request

SIZES = (1, 2, 5, 10, 20, 35, 50)
WARM_UPS = 5
RUNS = 200
RUNS_BESIDE_BULK = 70
RUNS_OF_PEER = 12
TIMEOUT_S = 60.0

GOAL_MEDIAN_S = 1.0
GOAL_P99_S = 2.0
GOAL_P99_BESIDE_BULK_S = 5.0


class Express:
    """Submits small batches one at a time and times each."""

    def __init__(self, harness: Harness) -> None:
        self._submitter = harness.submitter
        self._readers = StoreReaders(os.environ)
        self._random = random.Random(20261122)  # noqa: S311 - sizes, not secrets
        self._parts = read_parts()

    def seconds(self, count: int, dag_id: str) -> float:
        """Return the seconds from trigger to readable in both stores, of `count` documents."""
        rows = list(documents(count, self._random.getrandbits(31), self._parts))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"bench-{count}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            request = Request(path, "trial-lumen", dag_id=dag_id)
            uri = self._submitter.upload(request)
            started = time.monotonic()
            run_id = self._submitter.start(uri, request)
        readable = self._readers.wait_readable(run_id, [row["id"] for row in rows], TIMEOUT_S)
        self._readers.wait_closed(run_id, TIMEOUT_S)
        return readable - started

    def measure(self, runs: int, dag_id: str = EXPRESS_DAG_ID) -> list[tuple[int, float]]:
        """Return documents and seconds of so many runs, every size in turn, shuffled."""
        sizes = [SIZES[number % len(SIZES)] for number in range(runs)]
        self._random.shuffle(sizes)
        return [(count, self.seconds(count, dag_id)) for count in sizes]


def run(harness: Harness) -> dict[str, Any]:
    """Measure alone, beside bulk work, and the same batches through the many-task DAG."""
    express = Express(harness)
    express.measure(WARM_UPS)
    alone = express.measure(RUNS)
    peer = express.measure(RUNS_OF_PEER, DAG_ID)
    with BulkLoad() as bulk:
        beside = express.measure(RUNS_BESIDE_BULK)
    parts = {
        "express": summary(alone),
        "express_beside_bulk": summary(beside) | {"bulk": bulk.report()},
        "document_inference": summary(peer),
    }
    for name, part in parts.items():
        print(
            f"{name:20} {part['runs']:4} runs of 1-50 documents: median {part['median_s']:.2f} s, "
            f"p90 {part['p90_s']:.2f}, p99 {part['p99_s']:.2f}, max {part['max_s']:.2f}"
        )
    ratio = parts["document_inference"]["median_s"] / parts["express"]["median_s"]
    print(f"the same batches through the many-task DAG: {ratio:.1f} × the median")
    return {
        "what": "seconds from the REST trigger until an independent reader sees every row in both "
        "stores; 1 to 50 documents, one batch at a time",
        **parts,
        "peer_ratio": round(ratio, 2),
        "goal": {
            "median_s": GOAL_MEDIAN_S,
            "p99_s": GOAL_P99_S,
            "p99_beside_bulk_s": GOAL_P99_BESIDE_BULK_S,
        },
        "goal_met": parts["express"]["median_s"] < GOAL_MEDIAN_S
        and parts["express"]["p99_s"] < GOAL_P99_S
        and parts["express_beside_bulk"]["p99_s"] < GOAL_P99_BESIDE_BULK_S,
    }


def summary(measured: Sequence[tuple[int, float]]) -> dict[str, Any]:
    """Return the distribution, with each run's documents and seconds."""
    seconds = sorted(value for _, value in measured)
    return {
        "runs": len(seconds),
        "median_s": round(statistics.median(seconds), 3),
        "p90_s": round(quantile(seconds, 0.90), 3),
        "p99_s": round(quantile(seconds, 0.99), 3),
        "max_s": round(seconds[-1], 3),
        "documents_and_seconds": [[count, round(value, 3)] for count, value in measured],
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of the values do not exceed."""
    rank = -(-len(ordered) * share // 1)
    return ordered[max(int(rank), 1) - 1]
