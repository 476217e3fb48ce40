"""Commands that run once during a start and end: migrations, provisioning, the release."""

import importlib.util
import subprocess
import time
from collections.abc import Mapping, Sequence

from stack.errors import StackError, StepFailed
from stack.graph import Cancelled
from stack.paths import Paths
from stack.processes import MARKER, rotate, tail


def module_exists(name: str) -> bool:
    """Whether `python -m NAME` would find something to run."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def run_command(
    paths: Paths,
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    cancelled: Cancelled,
    timeout_s: float = 600.0,
) -> None:
    """Run a command to its end, its output in the log called `name`.

    Raises:
        StepFailed: it ended with an error; the message carries the end of its log.
        StackError: it took too long, or the start was given up.
    """
    log = paths.log(name)
    rotate(log)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=paths.root,
            env={**environment, MARKER: str(paths.state)},
        )
        try:
            _wait(process, name, cancelled, timeout_s)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode:
        raise StepFailed(
            f"{name} failed (exit {process.returncode}); the end of {log}:\n{tail(log, 20)}"
        )


def _wait(
    process: "subprocess.Popen[bytes]", name: str, cancelled: Cancelled, timeout_s: float
) -> None:
    deadline = time.monotonic() + timeout_s
    while process.poll() is None:
        if cancelled():
            raise StackError(f"gave up {name}")
        if time.monotonic() > deadline:
            raise StackError(f"{name} took longer than {timeout_s:g} s")
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
