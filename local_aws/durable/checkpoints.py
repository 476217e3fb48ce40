"""Saves the states of services that changed; requests that arrive together share one save."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_LATER_S = 0.25
_REST_FACTOR = 2.0
_LATER_REST_FACTOR = 20.0

_log = logging.getLogger("durable")


class Checkpoints:
    """Writes states down behind changes.

    A state that no request waits for rests twenty times as long as its last save took, so that
    a large one, such as days of metrics, never slows what waits for another.

    Args:
        states: returns, by state file, the function that returns the state now.
        save: writes one state file.
        after: called with the name once a state has been saved.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        states: Callable[[], Mapping[str, Callable[[], Any]]],
        save: Callable[[str, Any], None],
        after: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._states = states
        self._save = save
        self._after = after
        self._clock = clock
        self._rests_until_s: dict[str, float] = {}
        self._now: set[str] = set()
        self._later: set[str] = set()
        self._wanted = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []

    def note(self, names: Iterable[str]) -> None:
        """Have states saved soon: in a quarter of a second, or once they have rested."""
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
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), _LATER_S)
            began_s = self._clock()
            try:
                self._flush()
            except Exception:
                _log.exception("states could not be saved, which is tried again")
                await asyncio.sleep(_LATER_S)
            await asyncio.sleep(_REST_FACTOR * (self._clock() - began_s))

    def _flush(self) -> None:
        now_s = self._clock()
        rested = {name for name in self._later if self._rests_until_s.get(name, now_s) <= now_s}
        names, self._now = self._now | rested, set()
        self._later -= names
        waiting, self._waiting = self._waiting, []
        self._wanted.clear()
        if not names and not waiting:
            return
        try:
            known = self._states()
            for name in sorted(names & known.keys()):
                self._write(name, known[name])
        except Exception as error:
            self._later |= names
            for each in waiting:
                if not each.done():
                    each.set_exception(error)
            raise
        for each in waiting:
            if not each.done():
                each.set_result(None)

    def _write(self, name: str, state_of: Callable[[], Any]) -> None:
        began_s = self._clock()
        state = state_of()
        if state is None:
            return
        self._save(name, state)
        self._after(name)
        ended_s = self._clock()
        self._rests_until_s[name] = ended_s + _LATER_REST_FACTOR * (ended_s - began_s)
