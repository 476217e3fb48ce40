"""Processor time by component of the running stack."""

from __future__ import annotations

from contextlib import suppress

import psutil

from stack.paths import Paths
from stack.session import open_session


class ProcessorTime:
    """Counts from its making on what each component's processes have used, dead ones included.

    A process's dead children count for it once it has waited for them, so the model's containers
    count for the emulated SageMaker and tasks for the scheduler.
    """

    def __init__(self) -> None:
        session = open_session(Paths.default())
        found = {name: session.processes.running(name) for name in session.components}
        self._roots = {name: root for name, root in found.items() if root}
        self._before = self._now()

    def spent(self) -> dict[str, float]:
        """Return processor seconds by component."""
        now = self._now()
        return {name: now[name] - before for name, before in self._before.items()}

    def _now(self) -> dict[str, float]:
        return {name: _seconds(root) for name, root in self._roots.items()}


def _seconds(root: psutil.Process) -> float:
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])  # user, system, and both of dead children
    return total
