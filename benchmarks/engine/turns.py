"""Contenders' processes, taking turns: one works while the others wait."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.engine.contenders import Contender

ROOT = Path(__file__).parents[2]


class WorkerError(Exception):
    """A contender's process ended; the message carries the end of its log."""


@dataclass
class Worker:
    """One contender's process."""

    contender: Contender
    process: subprocess.Popen[str]
    log: Path

    @classmethod
    def start(cls, contender: Contender, python: Path, folder: Path) -> Worker:
        """Start the process; it answers once when it has loaded."""
        command = [str(python), "-m", "benchmarks.engine.worker", contender.module, str(folder)]
        command += [contender.key, json.dumps(dict(contender.options))]
        log = folder / f"{contender.key}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                cwd=ROOT,
                env=_environment(folder),
            )
        return cls(contender, process, log)

    def ask(self, command: str) -> dict[str, Any]:
        """Send a command and wait for its answer. Raises `WorkerError`."""
        assert self.process.stdin is not None  # noqa: S101
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended() from error
        return self.read()

    def read(self) -> dict[str, Any]:
        """Wait for the next answer. Raises `WorkerError`."""
        assert self.process.stdout is not None  # noqa: S101
        line = self.process.stdout.readline()
        if not line:
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process, by its own way out where it takes it."""
        assert self.process.stdin is not None  # noqa: S101
        try:
            self.process.stdin.close()
            self.process.wait(30)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def _ended(self) -> WorkerError:
        code = self.process.wait()
        lines = self.log.read_text(errors="replace").strip().splitlines()
        last = next((line for line in reversed(lines) if line.strip()), "no output")
        return WorkerError(f"{self.contender.title} ended with {code}: {last} ({self.log})")


@dataclass
class Measured:
    """What came of one contender.

    Attributes:
        settings: what it chose for itself, such as a batch size.
        rounds: each timed pass's answer.
        failed: why it dropped out; None where it did not.
    """

    contender: Contender
    settings: dict[str, Any] = field(default_factory=dict)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    failed: str | None = None


def take_turns(
    workers: Iterable[Worker], rounds: int, say: Callable[[str], None]
) -> list[Measured]:
    """Let each worker load, tune and warm; then time all of them, round by round.

    Each round begins with another worker, so that none always follows the same one. A worker that
    fails drops out, and its reason is kept.

    Args:
        workers: started as they are drawn, so that none loads while another works.
        rounds: timed passes of each.
        say: told what is going on.
    """
    table: list[tuple[Worker, Measured]] = []
    try:
        for worker in workers:
            table.append((worker, Measured(worker.contender)))
            say(f"{worker.contender.title}: loading, tuning, warming")
            _guarded(table[-1], _warm, say)
        for number in range(rounds):
            alive = [pair for pair in table if pair[1].failed is None]
            shift = number * len(alive) // rounds
            for pair in alive[shift:] + alive[:shift]:
                _guarded(pair, _time, say)
            say(f"round {number + 1} of {rounds} done")
    finally:
        for worker, _ in table:
            worker.close()
    return [measured for _, measured in table]


def _warm(worker: Worker, measured: Measured) -> None:
    measured.settings |= worker.read()
    measured.settings |= worker.ask("tune")
    measured.settings |= worker.ask("outputs")


def _time(worker: Worker, measured: Measured) -> None:
    measured.rounds.append(worker.ask("measure"))


def _guarded(
    pair: tuple[Worker, Measured],
    step: Callable[[Worker, Measured], None],
    say: Callable[[str], None],
) -> None:
    try:
        step(*pair)
    except WorkerError as error:
        pair[1].failed = str(error)
        say(pair[1].failed)


def _environment(folder: Path) -> dict[str, str]:
    """The contender's variables: nothing is fetched, and caches stay with the case."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'include' / 'models'}",
        "HF_HUB_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "true",
    }
