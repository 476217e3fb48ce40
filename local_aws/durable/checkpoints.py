"""Saves the states of services that changed; requests that arrive together share one save."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_LATER_S = 0.25
_REST_FACTOR = 2.0


class Checkpoints:
    """Writes states down behind changes.

    Args:
        states: returns, by state file, the function that returns the state now.
        save: writes one state file.
        after: called with the name once a state has been saved.
    """

    def __init__(
        self,
        states: Callable[[], Mapping[str, Callable[[], Any]]],
        save: Callable[[str, Any], None],
        after: Callable[[str], None],
    ) -> None:
        self._states = states
        self._save = save
        self._after = after
        self._now: set[str] = set()
        self._later: set[str] = set()
        self._wanted = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []

    def note(self, names: Iterable[str]) -> None:
        """Have states saved soon."""
        self._later.update(names)

    async def commit(self, names: Iterable[str]) -> None:
        """Return once the states, as they are now, are saved."""
        self._now.update(names)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._wanted.set()
        await done

    def every_name(self) -> list[str]:
        """Return the names of every state in use."""
        return list(self._states())

    def save_now(self, names: Iterable[str]) -> None:
        """Save states at once; only while nothing else is under way."""
        self._now.update(names)
        self._flush()

    async def run(self) -> None:
        """Save until cancelled. While it rests, what comes gathers for the next save."""
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), _LATER_S)
            if not self._now and not self._later:
                continue
            began = loop.time()
            self._flush()
            await asyncio.sleep(_REST_FACTOR * (loop.time() - began))

    def _flush(self) -> None:
        names, self._now = self._now | self._later, set()
        self._later.clear()
        waiting, self._waiting = self._waiting, []
        self._wanted.clear()
        try:
            known = self._states()
            for name in sorted(names & known.keys()):
                state = known[name]()
                if state is not None:
                    self._save(name, state)
                    self._after(name)
        except Exception as error:
            for each in waiting:
                if not each.done():
                    each.set_exception(error)
            raise
        for each in waiting:
            if not each.done():
                each.set_result(None)
