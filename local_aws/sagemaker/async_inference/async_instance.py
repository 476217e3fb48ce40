"""One instance of an asynchronous variant: takes requests from the queue until it is drained."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from local_aws.sagemaker.async_inference.async_delivery import InstanceLostError
from local_aws.sagemaker.async_inference.async_queue import AsyncQueue, Ticket
from local_aws.sagemaker.concurrency import cancelled
from local_aws.sagemaker.container.model_server import ModelServer, ModelServerNotReadyError
from local_aws.sagemaker.endpoints.endpoint_instances import Instance

_LOG = logging.getLogger(__name__)
_RESTART_PAUSE_S = 1.0

Deliver = Callable[[Ticket, ModelServer], Awaitable[None]]


class AsyncInstance:
    """Keeps one container running and its requests going; a dead container is replaced.

    ::

        starting ─▶ ready ─▶ draining ─▶ (gone)
            ▲         │
            └──died───┘   its requests go back to the queue

    Args:
        make: makes the container's instance, not yet started.
        deliver: brings one request to its end.
        finish: forgets a request that has its end.
        concurrency: requests at once.
    """

    def __init__(
        self,
        make: Callable[[], Instance],
        queue: AsyncQueue,
        deliver: Deliver,
        finish: Callable[[Ticket], None],
        concurrency: int,
    ) -> None:
        self._make = make
        self._queue = queue
        self._deliver = deliver
        self._finish = finish
        self._concurrency = concurrency
        self._instance: Instance | None = None
        self._is_draining = False
        self._task: asyncio.Task[None] | None = None
        self.in_flight = 0

    @property
    def is_ready(self) -> bool:
        """Whether it takes requests."""
        instance = self._instance
        return instance is not None and instance.server is not None and not self._is_draining

    async def start(self) -> None:
        """Return when it is ready.

        Raises:
            ModelServerNotReadyError: its first container does not start; nothing runs.
        """
        self._instance = self._make()
        await self._instance.start()
        self._task = asyncio.create_task(self._keep())

    async def drain(self) -> None:
        """Take no more requests, finish those in flight, then end."""
        self._is_draining = True
        await self._queue.wake()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """End now; requests in flight go back to the queue."""
        if self._task is not None:
            await cancelled([self._task])
        if self._instance is not None:
            await self._instance.stop()

    async def _keep(self) -> None:
        while not self._is_draining:
            instance = self._instance
            if instance is None or instance.server is None:
                await self._restart()
                continue
            await self._serve(instance, instance.server)
        if self._instance is not None:
            await self._instance.stop()

    async def _serve(self, instance: Instance, server: ModelServer) -> None:
        """Take requests until the container ends, or draining has finished those in flight."""
        workers = [asyncio.create_task(self._work(server)) for _ in range(self._concurrency)]
        ended = asyncio.create_task(instance.ended())
        drained = asyncio.create_task(_all_done(workers))
        try:
            await asyncio.wait({ended, drained}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled([*workers, ended, drained])

    async def _work(self, server: ModelServer) -> None:
        def is_over() -> bool:
            return self._is_draining or not server.is_alive

        while (ticket := await self._queue.take(is_over)) is not None:
            self.in_flight += 1
            try:
                await self._deliver(ticket, server)
            except InstanceLostError as error:
                _LOG.warning("A request lost its instance and waits again: %s", error)
                await self._queue.put_back(ticket)
                return
            except Exception:
                _LOG.exception("Unexpected error under request %s", ticket.request.inference_id)
                await self._queue.put_back(ticket)
                await asyncio.sleep(_RESTART_PAUSE_S)
            except BaseException:
                await asyncio.shield(self._queue.put_back(ticket))
                raise
            else:
                self._finish(ticket)
            finally:
                self.in_flight -= 1

    async def _restart(self) -> None:
        replacement = self._make()
        try:
            await replacement.start()
        except ModelServerNotReadyError as error:
            _LOG.warning("A replacement failed: %s", error)
            await asyncio.sleep(_RESTART_PAUSE_S)
        else:
            self._instance = replacement


async def _all_done(tasks: list["asyncio.Task[None]"]) -> None:
    await asyncio.wait(tasks)
