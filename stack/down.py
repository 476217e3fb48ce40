"""`make down`: stops everything, in the reverse order of the start, and proves it."""

import signal
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from rich.console import Console

from stack import watcher
from stack.component import Component
from stack.components import airflow
from stack.errors import StackError
from stack.processes import kill_all, wait_until_gone
from stack.session import Session, exclusive


def down(session: Session, console: Console) -> None:
    """Stop the stack; nothing happens where it does not run.

    Raises:
        StackError: a process could not be ended.
    """
    with exclusive(session.paths):
        stopped = stop_everything(session)
    console.print(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


def stop_everything(session: Session, keep: Collection[str] = ()) -> list[str]:
    """Stop the components and whatever they have left behind; return those that ran.

    Args:
        session: the stack.
        keep: components to leave alone; then nothing else is searched for.

    Raises:
        StackError: a process could not be ended.
    """
    stopped: list[str] = []
    with _undisturbed():
        stop_watcher(session)
        for layer in _layers(session):
            wanted = [component for component in layer if component.name not in keep]
            with ThreadPoolExecutor(max(1, len(wanted))) as pool:
                ran = pool.map(session.runner.stop, wanted)
                stopped += [c.name for c, did_run in zip(wanted, ran, strict=True) if did_run]
        if not keep:
            kill_all(session.processes.strays())
            left = session.processes.strays()
            if left:
                pids = ", ".join(str(process.pid) for process in left)
                raise StackError(f"these processes could not be ended: {pids}")
    return stopped


def stop_watcher(session: Session) -> bool:
    """Stop the watcher, and it alone: the servers it has started are its children and go on."""
    process = session.processes.running(watcher.NAME)
    if process is not None:
        process.terminate()
        kill_all(wait_until_gone([process], timeout_s=20.0))
    session.processes.forget(watcher.NAME)
    return process is not None


def _layers(session: Session) -> list[list[Component]]:
    """Group the components so that none goes before those that talk to it while they end.

    Running tasks stop their jobs and tell the API server; jobs write to S3.
    """
    later = ((airflow.API_SERVER, "sagemaker"), ("aws", "postgres"))
    named = {name for layer in later for name in layer}
    first = [each for name, each in session.components.items() if name not in named]
    return [first, *([session.components[name] for name in layer] for layer in later)]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let an impatient second Ctrl-C not leave half of it behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
