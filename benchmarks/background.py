"""Bulk work that runs all the time beside a measurement."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any

from benchmarks.harness import Harness

DOCUMENTS = 20_000
ACCOUNT = "enterprise-meridian"


class BulkLoad:
    """As a context: runs 20,000-document batches one after the other until it is left.

    The batch under way at the end is waited for, so that what comes after is alone.
    """

    def __init__(self) -> None:
        self._harness = Harness.from_environment()
        self._stop = threading.Event()
        self._started = threading.Event()
        self._seconds: list[float] = []
        self._lanes: set[str] = set()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="bulk")

    def __enter__(self) -> BulkLoad:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def report(self) -> dict[str, Any]:
        """Return what ran beside the measurement."""
        return {
            "documents_a_batch": DOCUMENTS,
            "batches": len(self._seconds),
            "lanes": sorted(self._lanes),
            "seconds_a_batch": [round(value, 1) for value in self._seconds],
        }

    def _work(self) -> None:
        seed = int(time.time())
        try:
            while not self._stop.is_set():
                seed += 1
                figures = self._harness.run_batch(
                    count=DOCUMENTS, seed=seed, account=ACCOUNT, on_started=self._started.set
                )
                self._seconds.append(figures.elapsed_s or 0.0)
                self._lanes.add(str(figures.lane))
        except Exception as exc:  # told by the thread that waits
            self._error = exc
        finally:
            self._started.set()
