"""Peak memory of each product process, 20,000 documents against 200,000, with a trivial model.

The trivial model answers by a checksum, so that what is seen is the pipeline around the model.
The third-party servers are left out: MiniStack keeps its objects and items in memory by design,
and PostgreSQL's buffers have a size of their own.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from benchmarks.harness import Harness
from stack.paths import Paths

SIZES = (20_000, 200_000)
GOAL_RATIO = 1.15
"""Allowed growth over ten times the documents: what an allocator and page cache jitter by."""

SAMPLING_S = 0.05
ROLES = {
    "airflow task": ("airflow", "task supervisor", "worker"),
    "SageMaker service": ("local_aws.sagemaker",),
    "model container": ("entrypoint.py",),
}


def run(harness: Harness) -> dict[str, Any]:
    """Run both sizes, and print the peak of each role."""
    subprocess.run([sys.executable, "-m", "include.release", "--trivial"], check=True)
    peaks: dict[int, dict[str, int]] = {}
    for size in SIZES:
        with _sampled() as seen:
            harness.run_batch(
                count=size, seed=int(time.time()), account="enterprise-meridian", alias="trivial"
            )
        peaks[size] = dict(seen)
    small, large = (peaks[size] for size in SIZES)
    ratios = {role: round(large[role] / small[role], 3) for role in sorted(large) if role in small}
    for role, ratio in ratios.items():
        print(
            f"{role:20} peak {small[role] / 2**20:7.0f} MiB at {SIZES[0]:,}, "
            f"{large[role] / 2**20:7.0f} MiB at {SIZES[1]:,}: × {ratio:.2f}"
        )
    return {
        "what": "peak resident bytes of the largest process of each role",
        "peak_bytes": {str(size): peaks[size] for size in SIZES},
        "ratio": ratios,
        "goal_ratio": GOAL_RATIO,
        "goal_met": bool(ratios) and max(ratios.values()) <= GOAL_RATIO,
    }


@contextmanager
def _sampled() -> Iterator[dict[str, int]]:
    """Fill a dictionary with the largest resident size seen of each role's processes."""
    peaks: dict[str, int] = {}
    done = threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLING_S):
            for role, resident in _residents():
                peaks[role] = max(peaks.get(role, 0), resident)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def _residents() -> Iterator[tuple[str, int]]:
    root = str(Paths.default().root)
    for process in psutil.process_iter(["cmdline", "memory_info", "cwd"]):
        command = " ".join(process.info["cmdline"] or ())
        if root not in command and process.info["cwd"] != root:
            continue
        for role, marks in ROLES.items():
            if any(mark in command for mark in marks) and process.info["memory_info"]:
                yield role, process.info["memory_info"].rss
                break
