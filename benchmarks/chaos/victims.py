"""Killing: SIGKILL by process id, and only processes that carry this stack's marker."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable

import psutil

from benchmarks.chaos.airflow_state import Task
from benchmarks.chaos.cases import SERVERS, Victim
from stack.processes import MARKER, Processes


class Executioner:
    """Knows the stack's processes.

    Args:
        processes: the stack's records.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def is_alive(self, task: Task) -> bool:
        """Whether a task that Airflow believes at work is: its process may be dead, unnoticed."""
        if task.state == "deferred":
            return True
        if task.pid is None:
            return False
        try:
            return psutil.Process(task.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def kill_server(self, victim: Victim) -> list[int]:
        """Kill a server's main process, as the kernel would; return what was killed."""
        process = self._processes.running(SERVERS[victim])
        return self._kill([process]) if process is not None else []

    def kill_worker(self, task: Task) -> list[int]:
        """Kill the process of a task, with its supervisor: what a lost machine takes along."""
        if task.pid is None:
            return []
        try:
            process = psutil.Process(task.pid)
            parent = process.parent()
        except psutil.Error:
            return []
        scheduler = self._processes.running(SERVERS[Victim.SCHEDULER])
        if parent is None or scheduler is None or scheduler.pid in (process.pid, parent.pid):
            return []
        # The supervisor first: it would report the death of its child.
        return self._kill([parent, process])

    def kill_containers(self, mark: str) -> list[int]:
        """Kill the containers whose command or environment holds a text."""
        service = self._processes.running(SERVERS[Victim.SAGEMAKER])
        if service is None or not mark:
            return []
        return self._kill(
            child for child in service.children(recursive=True) if mark in _description(child)
        )

    def _kill(self, processes: Iterable[psutil.Process]) -> list[int]:
        killed = []
        for process in processes:
            try:
                # Containers get a clean environment: they are known by who started them.
                marker = process.environ().get(MARKER, self._processes.marker)
                if marker == self._processes.marker and process.pid != os.getpid():
                    process.send_signal(signal.SIGKILL)
                    killed.append(process.pid)
            except psutil.Error:
                continue
        return killed


def _description(process: psutil.Process) -> str:
    try:
        return " ".join([*process.cmdline(), *process.environ().values()])
    except psutil.Error:
        return ""
