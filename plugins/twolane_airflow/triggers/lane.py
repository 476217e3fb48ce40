"""Waits for a lane in the triggerer, and goes on driving it meanwhile.

All of a lane's state is in its records and in SageMaker, so a trigger that is started anew, here or
in another triggerer, goes on where the one before it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent import futures
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

if TYPE_CHECKING:
    from include.pipeline.lanes.driver import LaneDriver
    from include.wiring.batches.bootstrap import Twolane

DONE = "done"
FAILED = "failed"
LOADABLE = "loadable"

THREADS = 8
"""Looks that are under way at once, over all triggers of a triggerer."""

PATIENCE = 12
"""Looks in a row that may go wrong before the lane is given up: a minute, at five seconds each."""

SETTLE_S = 20.0
"""Seconds a look that is under way is given to end, before the lane is stopped."""

_looks = futures.ThreadPoolExecutor(THREADS, thread_name_prefix="lane-trigger")


@dataclass(frozen=True, slots=True)
class LaneWait:
    """What is waited for, and where; all that a trigger needs to know.

    Attributes:
        batch_id: the batch.
        lane: the lane's name.
        region: of the AWS on which the lane was started.
        endpoint_urls: by service, where that AWS answers.
        look_s: least seconds between two looks at a lane that does not say when it must be looked
            at.
        loaded_shards: outputs that stood, and were loaded, when the wait began.
        ahead_shards: so many further outputs are worth a resumption to load them; 0 for never.
    """

    batch_id: str
    lane: str
    region: str
    endpoint_urls: Mapping[str, str]
    look_s: float
    loaded_shards: int
    ahead_shards: int


class LaneTrigger(BaseTrigger):
    """Fires once: the lane is done, has failed, or has so many shards that loading them pays.

    The event says which, of which batch and lane, and is all that the task resumes with. A lane
    whose task is cleared, marked or stopped is stopped with it; one whose trigger merely moves to
    another triggerer is not.
    """

    def __init__(self, **wait: Any) -> None:
        """Make one from the fields of a `LaneWait`."""
        super().__init__()
        self.wait = LaneWait(**wait)
        self._look: futures.Future[Any] | None = None
        self._driver: LaneDriver | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class's path and the fields of the wait."""
        return f"{__name__}.{type(self).__qualname__}", asdict(self.wait)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Drive the lane until there is something to resume for."""
        from include.domain.errors import JobFailed, TwolaneError

        went_wrong = 0
        while True:
            try:
                event, look_again_s = await self._in_thread(self._advance)
                went_wrong = 0
            except JobFailed as exc:
                event = self._event(FAILED, message=str(exc))
            except TwolaneError as exc:
                # A service may be restarting; what is asked of it can be asked again.
                went_wrong += 1
                self.log.warning("look %d of %d went wrong: %s", went_wrong, PATIENCE, exc)
                event, look_again_s = None, self.wait.look_s
                if went_wrong >= PATIENCE:
                    event = self._event(FAILED, message=str(exc))
            except Exception as exc:
                self.log.exception("cannot drive the lane")
                event = self._event(FAILED, message=f"{type(exc).__name__}: {exc}")
            if event is not None:
                yield event
                return
            await asyncio.sleep(look_again_s)

    async def on_kill(self) -> None:
        """Stop the lane with its task, unless the trigger only moves to another triggerer.

        Airflow calls this in both cases: https://github.com/apache/airflow/pull/73454. A task that
        is still deferred has another trigger that drives the lane.
        """
        if await self._is_still_deferred():
            self.log.info("the task is still deferred; batch %s goes on", self.wait.batch_id)
            return
        self.log.info("stopping lane %s of batch %s", self.wait.lane, self.wait.batch_id)
        await asyncio.to_thread(self._stop)

    async def _is_still_deferred(self) -> bool:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        task = self.task_instance
        if task is None:
            return False
        states = await sync_to_async(RuntimeTaskInstance.get_task_states)(
            dag_id=task.dag_id,
            task_ids=[task.task_id],
            run_ids=[task.run_id],
            map_index=task.map_index,
        )
        return "deferred" in states.get(task.run_id, {}).values()

    def _advance(self) -> tuple[TriggerEvent | None, float]:
        if self._driver is None:
            self._driver = self._new_driver()
        progress = self._driver.advance()
        if progress.is_done:
            return self._event(DONE, resource=progress.resource), 0.0
        if progress.is_timed:
            return None, progress.look_again_s
        if self.wait.ahead_shards:
            new = self._product().outputs(self.wait.batch_id) - self.wait.loaded_shards
            if new >= self.wait.ahead_shards:
                return self._event(LOADABLE, resource=progress.resource), 0.0
        return None, max(progress.look_again_s, self.wait.look_s)

    def _stop(self) -> None:
        if self._look is not None:  # else it might start what has just been stopped
            futures.wait([self._look], timeout=SETTLE_S)
        self._new_driver().stop()

    def _new_driver(self) -> LaneDriver:
        from include.domain.lanes import Lane

        return self._product().driver(self.wait.batch_id, Lane(self.wait.lane))

    def _product(self) -> Twolane:
        from include.wiring.batches.bootstrap import twolane_at

        return twolane_at(self.wait.region, tuple(sorted(self.wait.endpoint_urls.items())))

    async def _in_thread(self, work: Any) -> Any:
        self._look = _looks.submit(work)
        return await asyncio.wrap_future(self._look)

    def _event(self, status: str, *, resource: str = "", message: str = "") -> TriggerEvent:
        return TriggerEvent(
            {
                "status": status,
                "batch_id": self.wait.batch_id,
                "lane": self.wait.lane,
                "resource": resource,
                "message": message,
            }
        )
