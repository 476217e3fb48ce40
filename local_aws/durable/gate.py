"""Keeps a snapshot apart from the writes under way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Many writes at once, or one snapshot alone."""

    def __init__(self) -> None:
        self._entrance = asyncio.Lock()
        self._writes = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[None]:
        """Hold while something is applied and not yet journaled."""
        async with self._entrance:
            self._writes += 1
            self._quiet.clear()
        try:
            yield
        finally:
            self._writes -= 1
            if self._writes == 0:
                self._quiet.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold while a snapshot is taken: waits for writes under way, keeps new ones out."""
        async with self._entrance:
            await self._quiet.wait()
            yield
