"""The watcher: starts again what dies or falls silent, while the stack is meant to be up.

A small detached process, the last that `up` starts and the first that `down` stops. It takes no
part in the start or the stop, so it never fights with them: both end it before they touch a server.
What it did stands in `run/restarts.json` for `make status`, and in its log.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import psutil

from stack.component import Component, Runner
from stack.errors import StackError
from stack.processes import Processes
from stack.restarts import RestartPolicy, restart_at

NAME = "watcher"

_LOOK_EVERY_S = 0.5

_LISTEN_EVERY_S = 5.0
"""Seconds between two questions to a running server whether it is alive."""

SILENCE_S = 45.0
"""A server that runs and is silent for so long is killed, its own threshold coming before: a
scheduler that loses its database may wait for ever for a worker it forked, and never end."""


@dataclass(slots=True)
class _Case:
    """What is known of one server's deaths."""

    starts: list[float] = field(default_factory=list)
    died_at: float | None = None
    silent_since: float | None = None
    heard_at: float = 0.0
    count: int = 0
    has_given_up: bool = False


class Watcher:
    """Restarts the dead among the components, those first that others need.

    Args:
        components: by name, in the order of their start.
        needs: names of the servers each needs while it starts.
        runner: starts them.
        processes: their records.
        ledger: file the restart counts are written to.
        policy: backoff and budget.
        now: monotonic seconds.
        log: takes one line.
    """

    def __init__(
        self,
        components: Mapping[str, Component],
        needs: Mapping[str, tuple[str, ...]],
        runner: Runner,
        processes: Processes,
        ledger: Path,
        policy: RestartPolicy | None = None,
        now: Callable[[], float] = time.monotonic,
        log: Callable[[str], None] = lambda line: print(line, flush=True),
    ) -> None:
        self._components = components
        self._needs = needs
        self._runner = runner
        self._processes = processes
        self._ledger = ledger
        self._policy = policy or RestartPolicy()
        self._now = now
        self._log = log
        self._cases = {name: _Case() for name in components}

    def look(self) -> list[str]:
        """Look once; return the names of what was started again."""
        return [name for name in self._components if self._is_restarted(name)]

    def _is_restarted(self, name: str) -> bool:
        case = self._cases[name]
        process = self._processes.running(name)
        if process is not None:
            if self._is_silent_too_long(name, case):
                self._log(f"{_clock()} {name} runs and is silent; killed")
                process.kill()
            return False
        if case.has_given_up:
            return False
        if case.died_at is None:
            case.died_at = self._now()
            self._log(f"{_clock()} {name} has died")
        due = restart_at(self._policy, case.starts, case.died_at)
        if due is None:
            case.has_given_up = True
            self._log(f"{_clock()} {name} died too often and is left dead: make logs; make up")
            self._write()
            return False
        if self._now() < due or not self._needs_are_met(name):
            return False
        self._restart(name, case)
        return True

    def _is_silent_too_long(self, name: str, case: _Case) -> bool:
        now = self._now()
        if now - case.heard_at < _LISTEN_EVERY_S:
            return False
        case.heard_at = now
        if not self._components[name].is_silent():
            case.silent_since = None
            return False
        if case.silent_since is None:
            case.silent_since = now
        if now - case.silent_since < SILENCE_S:
            return False
        case.silent_since = None
        return True

    def _needs_are_met(self, name: str) -> bool:
        return all(
            self._processes.running(need) is not None and self._components[need].is_ready()
            for need in self._needs.get(name, ())
        )

    def _restart(self, name: str, case: _Case) -> None:
        self._runner.spawn(self._components[name])
        case.starts.append(self._now())
        case.died_at = None
        case.silent_since = None
        case.count += 1
        self._log(f"{_clock()} {name} started again, restart {case.count}")
        self._write()

    def _write(self) -> None:
        counts = {
            name: {"restarts": case.count, "has_given_up": case.has_given_up}
            for name, case in self._cases.items()
            if case.count or case.has_given_up
        }
        partial = self._ledger.with_suffix(".partial")
        partial.write_text(json.dumps(counts))
        partial.replace(self._ledger)


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often the watcher has started a server again, and whether it has given up."""

    restarts: int = 0
    has_given_up: bool = False


def read_restarts(ledger: Path) -> dict[str, Restarts]:
    """Return the restarts by component; none while there were none."""
    if not ledger.exists():
        return {}
    return {name: Restarts(**entry) for name, entry in json.loads(ledger.read_text()).items()}


def watch(watcher: Watcher) -> None:
    """Look for ever, until SIGTERM; what cannot be started now is tried again later."""
    stopping: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    print(f"{_clock()} watching, pid {os.getpid()}", flush=True)
    while not stopping:
        try:
            watcher.look()
        except (StackError, OSError, psutil.Error) as error:
            print(f"{_clock()} {type(error).__name__}: {error}", flush=True)
        time.sleep(_LOOK_EVERY_S)


def _clock() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
