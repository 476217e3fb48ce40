"""Small asyncio helpers with one meaning each."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

_T = TypeVar("_T")


async def all_or_first_error(works: Iterable[Coroutine[Any, Any, _T]]) -> list[_T]:
    """Results in order; at the first error the others are cancelled, awaited, and it is raised.

    Each work is cancelled at most once, so that it can take its time to end in good order.
    """
    tasks = [asyncio.create_task(work) for work in works]
    if not tasks:
        return []
    done: set[asyncio.Task[_T]] = set()
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await cancelled(task for task in tasks if task not in done)
    for task in done:
        task.result()  # raises the first error
    return [task.result() for task in tasks]


async def cancelled(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel ``tasks`` and wait until each has ended, whatever it raises."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def first_of(**works: Awaitable[Any]) -> str:
    """The name of the work that ends first; the others are cancelled and awaited.

    Several that end at once are taken in argument order. An error of the winner is raised.
    """
    tasks = {name: asyncio.ensure_future(work) for name, work in works.items()}
    try:
        await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        winner = next(name for name, task in tasks.items() if task.done())
    finally:
        losers = [task for task in tasks.values() if not task.done()]
        for task in losers:
            task.cancel()
        await asyncio.gather(*losers, return_exceptions=True)
    tasks[winner].result()
    return winner


@contextlib.asynccontextmanager
async def repeating(
    period_s: float, work: Callable[[], Awaitable[None] | None]
) -> AsyncIterator[None]:
    """Do ``work`` each ``period_s``, the first time after one, until the block is left."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(period_s)
            awaited = work()
            if awaited is not None:
                await awaited

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        await cancelled([task])
