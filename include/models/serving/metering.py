"""What the container did: counted while it runs, logged as one line at the end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Meter:
    """Thread-safe counts of documents, tokens, faults and the model's busy time.

    `model_seconds` is wall time during which at least one model call was running, so on a
    machine of several cores it never exceeds the elapsed time.
    """

    model: str = ""
    clock: Callable[[], float] = time.monotonic
    documents: int = 0
    tokens: int = 0
    errors: int = 0
    model_seconds: float = 0.0
    _running: int = 0
    _since: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, documents: int, tokens: int, errors: int) -> None:
        """Add answered documents (faults included), their tokens, and the faults among them."""
        with self._lock:
            self.documents += documents
            self.tokens += tokens
            self.errors += errors

    @contextmanager
    def model_call(self) -> Iterator[None]:
        """Time one model call; calls may overlap."""
        with self._lock:
            if self._running == 0:
                self._since = self.clock()
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                if self._running == 0:
                    self.model_seconds += self.clock() - self._since

    def summary_line(self) -> str:
        """The `inference_summary` log line, JSON."""
        with self._lock:
            return json.dumps(
                {
                    "event": "inference_summary",
                    "documents": self.documents,
                    "tokens": self.tokens,
                    "model_seconds": round(self.model_seconds, 3),
                    "errors": self.errors,
                    "model": self.model,
                }
            )
