"""The engine by itself: the serving container's `process` over a file, as a job would run it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from stack.paths import Paths

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "include" / "models" / "entrypoint.py"
SHARD_DOCUMENTS = 5_000
"""As the pipeline cuts a batch of short texts."""


@dataclass(frozen=True, slots=True)
class EngineRun:
    """One pass of the engine over its documents.

    Attributes:
        documents: answered.
        tokens: of them, as the model saw them.
        seconds: from its first shard's first document to its last one's answer on disk; the start
            of the process is left out.
        start_s: the rest of the process's time: start, loading the model, ending.
    """

    documents: int
    tokens: int
    seconds: float
    start_s: float

    @property
    def documents_per_s(self) -> float:
        """Its own rate."""
        return self.documents / self.seconds


class EngineAlone:
    """Runs the container's program in the serving environment, in a folder of its own.

    Args:
        model: the served `model.tar.gz`.
    """

    def __init__(self, model: Path) -> None:
        self._model = model
        self._python = Paths.default().venv("serving") / "bin" / "python"

    def run(self, batch: Path) -> EngineRun:
        """Classify a JSON Lines file of `id` and `text`.

        Raises:
            RuntimeError: the container failed; the message is the end of what it said.
        """
        with tempfile.TemporaryDirectory(prefix="twolane-engine-") as folder:
            root = Path(folder)
            model = root / "processing/input/model"
            model.mkdir(parents=True)
            (model / "model.tar.gz").symlink_to(self._model)
            _cut(batch, root / "processing/input/documents")
            environment = {"PATH": os.environ["PATH"], "ML_ROOT": str(root)}
            started = time.monotonic()
            done = subprocess.run(
                [str(self._python), str(ENTRY), "process"],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            wall_s = time.monotonic() - started
        if done.returncode:
            raise RuntimeError(f"the engine alone failed: {done.stderr[-2000:]}")
        events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        summary = next(each for each in events if each["event"] == "inference_summary")
        seconds = sum(each["seconds"] for each in events if each["event"] == "shard_done")
        return EngineRun(summary["documents"], summary["tokens"], seconds, wall_s - seconds)


def _cut(batch: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    with batch.open("rb") as lines:
        for index in itertools.count():
            shard = list(itertools.islice(lines, SHARD_DOCUMENTS))
            if not shard:
                return
            (folder / f"{index:05}.jsonl").write_bytes(b"".join(shard))
