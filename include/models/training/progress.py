"""What a training or an evaluation logs while it goes: one JSON object a line."""

from __future__ import annotations

import json
import time


class Progress:
    """Logs steps with the seconds since it was made.

    Args:
        event: what the lines are of.
    """

    def __init__(self, event: str = "training") -> None:
        self._event = event
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return round(time.monotonic() - self._started, 1)

    def __call__(self, step: str, **figures: object) -> None:
        """Log a step that is done."""
        line = {"event": self._event, "step": step, "seconds": self.seconds}
        print(json.dumps(line | figures), flush=True)

    def epoch(self, number: int, loss: float) -> None:
        """Log an epoch of fine-tuning, from 1, and its mean loss in nats."""
        self("epoch", epoch=number, loss=round(loss, 4))
