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
from contextlib import contextmanager, suppress
from typing import Any

import psutil

from benchmarks.harness import Harness
from stack.paths import Paths
from stack.session import open_session

SIZES = (20_000, 200_000)
GOAL_RATIO = 1.15
"""Allowed growth over ten times the documents: what an allocator and page cache jitter by."""

SAMPLING_S = 0.1
LEFT_OUT = ("postgres", "aws")
CHILDREN = {"airflow-scheduler": "task", "sagemaker": "model container"}


def run(harness: Harness) -> dict[str, Any]:
    """Run both sizes, and print the peak of each role."""
    subprocess.run([sys.executable, "-m", "include.cli.release", "--trivial"], check=True)
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
            f"{role:28} peak {small[role] / 2**20:7.0f} MiB at {SIZES[0]:,}, "
            f"{large[role] / 2**20:7.0f} MiB at {SIZES[1]:,}: × {ratio:.2f}"
        )
    return {
        "what": "peak resident bytes of the largest process of each role",
        "peak_bytes": {str(size): peaks[size] for size in SIZES},
        "ratio": ratios,
        "goal_ratio": GOAL_RATIO,
        "goal_met": bool(ratios) and max(ratios.values()) <= GOAL_RATIO,
    }


def _roots() -> dict[str, psutil.Process]:
    session = open_session(Paths.default())
    found = {name: session.processes.running(name) for name in session.components}
    return {name: root for name, root in found.items() if root and name not in LEFT_OUT}


@contextmanager
def _sampled() -> Iterator[dict[str, int]]:
    """Fill a dictionary with the largest resident size seen of each role's processes."""
    peaks: dict[str, int] = {}
    roots = _roots()
    done = threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLING_S):
            for role, resident in _residents(roots):
                peaks[role] = max(peaks.get(role, 0), resident)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def _residents(roots: dict[str, psutil.Process]) -> Iterator[tuple[str, int]]:
    for component, root in roots.items():
        try:
            yield component, root.memory_info().rss
            for child in root.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    yield f"{component}: {CHILDREN.get(component, 'child')}", _resident(child)
        except psutil.NoSuchProcess as exc:
            raise RuntimeError(f"{component} died during the measurement") from exc


def _resident(process: psutil.Process) -> int:
    return int(process.memory_info().rss)
