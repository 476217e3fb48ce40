"""The container's entry point: `entrypoint.py serve | process | infer | train`.

Both images start here. `serve`, `process` and `infer` need the serving image's packages, `train`
the training image's; each is imported only when asked for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FAILURE_FILE = "output/failure"
_USAGE = "usage: entrypoint.py serve | process | infer | train"


def main(arguments: list[str]) -> int:
    """Run one command.

    Returns:
        The process's exit code; 2 for a wrong call, 1 for a failure, whose reason is the last
        line of standard error and, as SageMaker asks, the file `output/failure`.
    """
    match arguments:
        case ["serve"]:
            from serving.commands import serve as command
        case ["process"]:
            from serving.commands import process as command
        case ["infer"]:
            from serving.commands import infer as command
        case ["train"]:
            from training.train import train as command
        case _:
            print(_USAGE, file=sys.stderr)
            return 2
    try:
        return command(os.environ)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        _note_failure(reason)
        print(f"{arguments[0]} failed: {reason}", file=sys.stderr, flush=True)
        return 1


def _note_failure(reason: str) -> None:
    path = Path(os.environ.get("ML_ROOT", "/opt/ml")) / FAILURE_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reason[:1024], encoding="utf-8")
    except OSError:
        pass  # standard error still carries it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
