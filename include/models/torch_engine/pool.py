"""The tokenizing processes, seen from the process that drives the device."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import cast

from .worker import Failure, Lines, ReadTask, Report, Tokens, WriteTask, work

CHUNKS_A_WORKER = 3
"""One that it works on, one that waits for it, and one that is with the device."""

_JOIN_S = 5.0


class WorkerError(RuntimeError):
    """A tokenizing process failed, or is gone."""


class WorkerPool:
    """Gives chunks to processes, and remembers which has which.

    Args:
        folders: the models' unpacked artifacts.
        workers: how many processes.
    """

    def __init__(self, folders: Sequence[Path], workers: int) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would take CUDA's state along
        self._holder: dict[int, int] = {}
        self._held = [0] * workers
        self._connections: list[Connection] = []
        self._processes = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, list(folders)))
            process.start()
            theirs.close()
            self._connections.append(ours)
            self._processes.append(process)

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; they need not have finished."""
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.join(_JOIN_S)
            if process.is_alive():
                process.kill()
                process.join()

    @property
    def has_room(self) -> bool:
        """Whether another chunk can be taken."""
        return min(self._held) < CHUNKS_A_WORKER

    def read(self, task: ReadTask) -> None:
        """Give a chunk to the process that has fewest."""
        worker = self._held.index(min(self._held))
        self._held[worker] += 1
        self._holder[task.number] = worker
        self._send(worker, task)

    def write(self, task: WriteTask) -> None:
        """Give the device's answers to the process that has the chunk."""
        self._send(self._holder[task.number], task)

    def reports(self, timeout_s: float | None) -> list[Tokens | Lines]:
        """What has arrived; waits up to `timeout_s` for a first, None for as long as it takes.

        Raises:
            WorkerError: a process failed, or is gone.
        """
        reports: list[Tokens | Lines] = []
        for connection in cast("list[Connection]", wait(self._connections, timeout_s)):
            try:
                report: Report = connection.recv()
            except (EOFError, OSError) as error:
                raise WorkerError("a tokenizing process ended by itself") from error
            if isinstance(report, Failure):
                raise WorkerError(f"a tokenizing process failed: {report.reason}")
            if isinstance(report, Lines):
                self._held[self._holder.pop(report.number)] -= 1
            reports.append(report)
        return reports

    def _send(self, worker: int, task: ReadTask | WriteTask) -> None:
        try:
            self._connections[worker].send(task)
        except OSError as error:
            raise WorkerError("a tokenizing process ended by itself") from error
