"""The container's entry point: `entrypoint.py COMMAND`.

Every image starts here. `serve`, `process` and `infer` need the serving image's packages, `train`
and `evaluate` the training image's; the torch image (`MODEL_ENGINE=torch`) has both, and serves
with torch. Each is imported only when asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

Command = Callable[[Mapping[str, str]], int]

FAILURE_FILE = "output/failure"
_USAGE = "usage: entrypoint.py serve | process | infer | train | evaluate | profile (with torch)"
_TRAINING = {"train": "training.train", "evaluate": "training.evaluation"}
"""Commands of the training image, and where they are."""


def main(arguments: list[str]) -> int:
    """Run one command.

    Returns:
        The process's exit code; 2 for a wrong call, 1 for a failure, whose reason is the last
        line of standard error and, as SageMaker asks, the file `output/failure`.
    """
    engine = os.environ.get("MODEL_ENGINE", "")
    profile = ["profile"] if engine == "torch" else []
    known = ("serve", "process", "infer", *_TRAINING, *profile)
    if len(arguments) != 1 or arguments[0] not in known:
        print(_USAGE, file=sys.stderr)
        return 2
    command = _command(arguments[0], engine)
    try:
        return command(os.environ)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        _note_failure(reason)
        print(f"{arguments[0]} failed: {reason}", file=sys.stderr, flush=True)
        return 1


def _command(name: str, engine: str) -> Command:
    serving = "torch_engine.commands" if engine == "torch" else "serving.commands"
    command: Command = getattr(import_module(_TRAINING.get(name, serving)), name)
    return command


def _note_failure(reason: str) -> None:
    path = Path(os.environ.get("ML_ROOT", "/opt/ml")) / FAILURE_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reason[:1024], encoding="utf-8")
    except OSError:
        pass  # standard error still carries it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
