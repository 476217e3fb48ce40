"""A contender's process: loads once, then does what it is told, a line of JSON at a time.

    python -m benchmarks.engine.worker MODULE CASE_FOLDER OUTPUT_NAME OPTIONS_JSON

Commands on standard input are `tune`, `outputs` and `measure`; each answer is one line of JSON on
what was standard output, which the libraries' own printing no longer reaches.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TextIO

from benchmarks.engine.case import CaseFiles

Answer = dict[str, Any]


class Contender(Protocol):
    """What a worker's module builds."""

    def tune(self) -> Answer:
        """Choose what the contender leaves to its user, on a slice of the texts; untimed."""
        ...

    def outputs(self, target: Path) -> Answer:
        """Run one whole pass untimed and write what came out to `target`."""
        ...

    def measure(self) -> Answer:
        """Run one timed pass."""
        ...

    def close(self) -> None:
        """Stop what would keep the process from ending."""
        ...


def main(argv: Sequence[str]) -> None:
    """Serve commands until standard input ends."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    module, folder, name, options = argv
    files = CaseFiles(Path(folder))
    started = time.perf_counter()
    build = import_module(f"benchmarks.engine.workers.{module}").build
    contender: Contender = build(files, **json.loads(options))
    commands: Mapping[str, Callable[[], Answer]] = {
        "tune": contender.tune,
        "outputs": lambda: contender.outputs(files.outputs(name)),
        "measure": contender.measure,
    }
    _say(channel, {"load_seconds": round(time.perf_counter() - started, 2)})
    for line in sys.stdin:
        _say(channel, commands[line.strip()]())
    contender.close()


def _say(channel: TextIO, answer: Answer) -> None:
    channel.write(json.dumps(answer) + "\n")
    channel.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
