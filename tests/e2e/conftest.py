"""The whole stack, on ports and with a state of its own, up for all tests of this folder."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local_aws.ports import free_port
from stack.paths import ROOT, STATE_VARIABLE
from stack.processes import MARKER

SERVERS = ("airflow", "mlflow", "postgres", "aws", "sagemaker")


class Stack:
    """Runs `python -m stack` against one state folder."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.environment = dict(os.environ)
        self.environment[STATE_VARIABLE] = str(state)
        for name in SERVERS:
            self.environment[f"TWOLANE_PORT_{name.upper()}"] = str(free_port())

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "stack", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def pids(self) -> dict[str, int]:
        """The servers' process ids as recorded; the watcher is no server."""
        records = [json.loads(each.read_text()) for each in (self.state / "run").glob("*.json")]
        return {
            each["name"]: each["pid"]
            for each in records
            if each.get("name", "watcher") != "watcher"
        }

    def processes(self) -> list[psutil.Process]:
        """Everything that carries the marker, and PostgreSQL's own processes."""
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get(MARKER) == str(self.state)
                if marked or str(self.state) in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.Error:
                continue
        return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Up for all tests of the folder; down afterwards, nothing left behind."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    result = stack.run("up")
    try:
        assert result.returncode == 0, result.stdout + result.stderr
        yield stack
    finally:
        down = stack.run("down")
        left = stack.processes()
        for process in left:
            process.kill()
        assert down.returncode == 0, down.stderr
        assert left == []
