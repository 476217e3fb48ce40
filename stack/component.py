"""One long-running server of the stack, and how it is started, watched and stopped."""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from stack.errors import ComponentDied, StackError
from stack.paths import Paths
from stack.processes import OURSELVES, Owner, Processes, stop, tail

_TAIL_LINES = 20


def _nothing() -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Component:
    """A server's description.

    Attributes:
        name: as `make logs` and `make status` call it.
        command: its argument vector.
        is_ready: whether it answers; must return quickly and not raise.
        is_silent: whether it runs and gives no sign of life; must return quickly and not raise.
        port: the TCP port it will listen on, `None` where it listens on none.
        environment: variables besides the stack's own; `None` removes one.
        is_product: whether it needs the stack's variables, secrets among them.
        prepare: makes folders and files it needs; runs before each start.
        owner: the operating-system user it runs as.
        stop_signal: what it takes as a wish to end.
        stops_whole_group: whether the signal goes to its whole process group.
        grace_s: seconds between that wish and SIGKILL.
        start_timeout_s: seconds it may take to answer.
    """

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    is_silent: Callable[[], bool] = _never
    port: int | None = None
    environment: Mapping[str, str | None] = field(default_factory=dict)
    is_product: bool = True
    prepare: Callable[[], None] = _nothing
    owner: Owner = OURSELVES
    stop_signal: signal.Signals = signal.SIGTERM
    stops_whole_group: bool = True
    grace_s: float = 10.0
    start_timeout_s: float = 90.0


class Runner:
    """Starts and stops components.

    Args:
        paths: of the stack.
        processes: its records.
        environment: what a component of the product is given.
        inherited: what any other is given.
    """

    def __init__(
        self,
        paths: Paths,
        processes: Processes,
        environment: Mapping[str, str],
        inherited: Mapping[str, str] | None = None,
    ) -> None:
        self._paths = paths
        self._processes = processes
        self._environment = environment
        self._inherited = inherited or {}

    def spawn(self, component: Component) -> bool:
        """Start a component unless it runs; return whether it was started now."""
        if self._processes.running(component.name):
            return False
        self._processes.clear_away(component.name)
        component.prepare()
        variables = dict(self._environment if component.is_product else self._inherited)
        for name, value in component.environment.items():
            if value is None:
                variables.pop(name, None)
            else:
                variables[name] = value
        self._processes.spawn(
            component.name,
            component.command,
            variables,
            self._paths.log(component.name),
            self._paths.root,
            component.owner,
        )
        return True

    def check_alive(self, component: Component) -> None:
        """Raise `ComponentDied` with the end of its log if a component has ended by itself."""
        if self._processes.running(component.name) is None:
            raise ComponentDied(obituary(component.name, self._paths.log(component.name)))

    def wait_ready(self, component: Component, cancelled: Callable[[], bool]) -> None:
        """Return once a component answers.

        Raises:
            ComponentDied: it ended before.
            StackError: it did not answer in time, or the start was given up.
        """
        deadline = time.monotonic() + component.start_timeout_s
        while not component.is_ready():
            self.check_alive(component)
            if cancelled():
                raise StackError(f"gave up waiting for {component.name}")
            if time.monotonic() > deadline:
                log = self._paths.log(component.name)
                raise StackError(
                    f"{component.name} did not answer within {component.start_timeout_s:g} s; "
                    f"the end of {log}:\n{tail(log, _TAIL_LINES)}"
                )
            time.sleep(0.1)

    def stop(self, component: Component) -> bool:
        """Stop a component if it runs and forget it; return whether there was one to stop."""
        process: psutil.Process | None = self._processes.running(component.name)
        if process:
            stop(process, component.stop_signal, component.stops_whole_group, component.grace_s)
        self._processes.clear_away(component.name)
        self._processes.forget(component.name)
        return process is not None


def obituary(name: str, log: Path) -> str:
    """Return the message for a component that died."""
    return f"{name} has died; the end of {log}:\n{tail(log, _TAIL_LINES)}"
