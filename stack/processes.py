"""Processes that outlive the command which started them: spawn, recognise, stop."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

#: Set in every process of a stack to its state folder: what a record has missed is found by it.
MARKER = "STACK_SUPERVISED"

_SAME_S = 0.05
"""Two readings of one process's creation time differ by less, in seconds."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of a started process.

    Attributes:
        name: the component's name.
        pid: its process id, which the operating system may reuse.
        create_time: seconds since the epoch; with the pid it identifies the process.
        log: its log file.
    """

    name: str
    pid: int
    create_time: float
    log: str

    def process(self) -> psutil.Process | None:
        """Return the process if it still runs and is the one that was recorded."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.create_time) > _SAME_S:
                return None
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.Error:
            return None
        return process


@dataclass(frozen=True, slots=True)
class Owner:
    """The operating-system user a process runs as; `None` everywhere is our own."""

    uid: int | None = None
    gid: int | None = None


OURSELVES = Owner()


class Processes:
    """The records of one stack, one JSON file a component."""

    def __init__(self, run_folder: Path, marker: str) -> None:
        self._run_folder = run_folder
        self._marker = marker

    @property
    def marker(self) -> str:
        """What every process of this stack carries in its environment, under `MARKER`."""
        return self._marker

    def clear_away(self, name: str) -> None:
        """SIGKILL what a component that has died has left behind.

        Forked workers outlive their server, hold its ports and its database locks, and do work
        nobody waits for.
        """
        record = self.find(name)
        if record is not None and record.process() is None:
            kill_all(leftovers(record))

    def find(self, name: str) -> Record | None:
        """Return a component's record, whether it runs or not."""
        path = self._run_folder / f"{name}.json"
        if not path.exists():
            return None
        return Record(**json.loads(path.read_text()))

    def running(self, name: str) -> psutil.Process | None:
        """Return a component's process if it runs."""
        record = self.find(name)
        return record.process() if record else None

    def spawn(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        folder: Path,
        owner: Owner,
    ) -> psutil.Process:
        """Start a process in a session of its own, its output in `log`, and record it."""
        self._run_folder.mkdir(parents=True, exist_ok=True)
        rotate(log)
        with log.open("wb") as output:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**environment, MARKER: self._marker},
                start_new_session=True,
                user=owner.uid,
                group=owner.gid,
                extra_groups=None if owner.uid is None else [],
            )
        process = psutil.Process(child.pid)
        record = Record(name, child.pid, process.create_time(), str(log))
        partial = self._run_folder / f".{name}.partial"
        partial.write_text(json.dumps(asdict(record)))
        partial.replace(self._run_folder / f"{name}.json")
        return process

    def forget(self, name: str) -> None:
        """Drop a component's record."""
        (self._run_folder / f"{name}.json").unlink(missing_ok=True)

    def strays(self) -> list[psutil.Process]:
        """Return every process with this stack's marker, except this command and its parents."""
        own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
        found = []
        for process in psutil.process_iter():
            try:
                if process.pid not in own and process.environ().get(MARKER) == self._marker:
                    found.append(process)
            except psutil.Error:
                continue
        return found


def rotate(log: Path) -> None:
    """Keep the previous log beside the one about to be written."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process, its descendants, and whoever shares its process group."""
    members: dict[int, psutil.Process] = {}
    with suppress(psutil.NoSuchProcess):
        members = {process.pid: process, **{p.pid: p for p in process.children(recursive=True)}}
    for other in psutil.process_iter():
        try:
            if os.getpgid(other.pid) == process.pid:
                members[other.pid] = other
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
    return list(members.values())


def leftovers(record: Record) -> list[psutil.Process]:
    """Return what a dead process has left behind in its session.

    A session keeps its leader's process id after the leader's death, and the id is not given away
    while the session has members. The marker is no help here: a process that sets its own title,
    as Airflow's workers do, writes over its environment.
    """
    if psutil.pid_exists(record.pid) and record.process() is None:
        with suppress(psutil.Error):
            leader = psutil.Process(record.pid)
            if abs(leader.create_time() - record.create_time) > _SAME_S:
                return []  # the session is gone, and its number is somebody else's
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(process.pid) == record.pid and process.pid != record.pid:
                found.append(process)
    return found


def stop(process: psutil.Process, polite: signal.Signals, whole: bool, grace_s: float) -> bool:
    """Stop a process with everything it started; return whether it went politely.

    Args:
        process: the leader of a session.
        polite: the signal it takes as a wish to end.
        whole: send the signal to its whole group rather than to itself alone.
        grace_s: seconds it has before SIGKILL.
    """
    members = family(process)
    _signal(process, polite, whole)
    alive = wait_until_gone(members, grace_s)
    known = {member.pid for member in members}
    # Children born while it was ending.
    alive += [late for late in family(process) if late.pid not in known and not _is_gone(late)]
    kill_all(alive)
    return not alive


def kill_all(processes: list[psutil.Process]) -> None:
    """SIGKILL the processes and wait until they are gone."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until_gone(processes, timeout_s=5.0)


def wait_until_gone(processes: Sequence[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until the processes have ended; return those that have not in time.

    A zombie counts as ended: it runs no more, and its parent, often the system's first process,
    takes its own time to collect it.
    """
    deadline = time.monotonic() + timeout_s
    alive = [process for process in processes if not _is_gone(process)]
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = [process for process in alive if not _is_gone(process)]
    return alive


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _signal(process: psutil.Process, number: signal.Signals, whole: bool) -> None:
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        if whole:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def tail(log: Path, lines: int) -> str:
    """Return the last lines of a log; empty where there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 200 * lines - 4096))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])
