"""The trigger that keeps a queue, and turns what it admits into events of the queue's asset.

It stands where the Amazon provider's `SqsSensorTrigger` could: that one asks SQS neither for a
message's attributes nor for its number of receptions, takes more from the queue whatever is still
at work, and extends nothing it has taken (docs/adr/0013-queues.md).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from twolane_airflow.triggers.started_runs import AirflowRuns

if TYPE_CHECKING:
    from include.pipeline.queues.admit_message import RunRequest
    from include.pipeline.queues.keep_queue import QueueKeeper

PAUSE_AFTER_ERROR_S = 5.0

PAUSE_AFTER_EVENT_S = 1.0
"""The scheduler's time to see an event before the next one of its asset: what comes meanwhile
waits in the queue and goes into one event. It may take longer; the keeper asks again then."""

STARTS = {"express": "express_inference", "bulk": "document_inference"}
"""The DAG whose runs a queue asks for."""


class QueueTrigger(BaseEventTrigger):
    """Keeps one queue for as long as its DAG is there.

    Each event carries the runs to start: `{"runs": [{"run_id", "conf", "is_again"}, …]}`. It
    resumes from nothing: what another triggerer held appears in the queue again.

    Args:
        lane_class: `express` or `bulk`.
    """

    def __init__(self, lane_class: str) -> None:
        super().__init__()
        self.lane_class = lane_class
        self._keeper: QueueKeeper | None = None
        self._turn = threading.Lock()
        self._pause_s = 0.0

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the triggerer makes the trigger from."""
        return f"{__name__}.QueueTrigger", {"lane_class": self.lane_class}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Keep the queue; its calls block, so each step has a thread."""
        while True:
            runs = await asyncio.to_thread(self._step)
            if runs:
                yield TriggerEvent({"runs": [asdict(run) for run in runs]})
            await asyncio.sleep(max(self._pause_s, PAUSE_AFTER_EVENT_S if runs else 0.0))

    async def cleanup(self) -> None:
        """Put back what is held, for the next triggerer to take at once."""
        await asyncio.to_thread(self._release)

    def _step(self) -> list[RunRequest]:
        from include.domain.errors import TwolaneError
        from include.domain.queues.lane_class import LaneClass
        from include.wiring.batches.bootstrap import twolane

        with self._turn:
            try:
                if self._keeper is None:
                    started = AirflowRuns(STARTS[self.lane_class])
                    self._keeper = twolane().queue_keeper(LaneClass(self.lane_class), started)
                runs = self._keeper.step()
            except TwolaneError as exc:
                self.log.warning("queue %s: %s", self.lane_class, exc)
                self._pause_s = PAUSE_AFTER_ERROR_S
                return []
            self._pause_s = self._keeper.pause_s
            return runs

    def _release(self) -> None:
        from include.domain.errors import TwolaneError

        with self._turn:
            try:
                if self._keeper is not None:
                    self._keeper.release()
            except TwolaneError as exc:
                self.log.warning("queue %s: %s", self.lane_class, exc)
