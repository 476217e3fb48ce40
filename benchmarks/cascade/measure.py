"""The engine with the cascade, without it, and the cheap stage alone: in turns, same documents.

Runs in the environment of the serving image:
    python -m benchmarks.cascade.measure MODEL_FOLDER DOCUMENTS.jsonl ROUNDS

Prints one JSON object: labels and stages by way, and documents/s of each round.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from serving.artifact import Artifact, load_artifact
from serving.backend import Backend
from serving.batching import BatchPolicy
from serving.calibration import load_calibrated
from serving.cascade import Cascade
from serving.engine import Engine
from serving.linear_model import LinearModel
from serving.metering import Meter
from serving.records import Prediction, Record
from serving.settings import ContainerSettings

ENCODER, CHEAP, CASCADE = "encoder", "cheap", "cascade"


def main(folder: Path, documents: Path, rounds: int) -> None:
    """Measure and print."""
    lines = documents.read_text(encoding="utf-8").split("\n")
    records = [Record(d["id"], d["text"]) for d in (json.loads(x) for x in lines if x)]
    engines = _engines(folder)
    answers = {way: _answers(engine, records) for way, engine in engines.items()}
    rates: dict[str, list[float]] = {way: [] for way in engines}
    for turn in range(rounds):
        ways = list(engines)
        for way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            started = time.perf_counter()
            _answers(engines[way], records)
            rates[way].append(round(len(records) / (time.perf_counter() - started), 1))
    result = {
        "labels": {way: [a.label for a in found] for way, found in answers.items()},
        "stages": [a.stage for a in answers[CASCADE]],
        "rates": rates,
    }
    print(json.dumps(result))


def _engines(folder: Path) -> dict[str, Engine]:
    """As the container builds them, without a word of the environment on how wide to run."""
    settings = ContainerSettings.from_environment(os.environ)
    artifact = load_artifact(folder)
    cascade = Cascade.load(artifact, folder)
    if artifact.cascade is None or cascade is None:
        raise SystemExit(f"{folder} has no cascade")
    always = Cascade(LinearModel.load(folder / artifact.cascade.file), threshold=0.0)
    # Without a cascade the tokenizer itself stops where the encoder stops reading.
    plain = replace(artifact, cascade=None)
    alone, plain_settings = load_calibrated(plain, folder, settings, 0)
    staged, staged_settings = load_calibrated(artifact, folder, settings, 0)
    return {
        ENCODER: _engine(alone, plain, plain_settings, None),
        CHEAP: _engine(staged, artifact, staged_settings, always),
        CASCADE: _engine(staged, artifact, staged_settings, cascade),
    }


def _engine(
    backend: Backend, artifact: Artifact, settings: ContainerSettings, cascade: Cascade | None
) -> Engine:
    return Engine(
        backend,
        artifact,
        BatchPolicy(artifact.max_tokens, settings.budget_tokens),
        Meter(),
        workers=settings.workers,
        window_documents=settings.window_documents,
        cascade=cascade,
    )


def _answers(engine: Engine, records: Sequence[Record]) -> list[Prediction]:
    found: list[Any] = list(engine.answers(records))
    for answer in found:
        if not isinstance(answer, Prediction):
            raise SystemExit(f"document {answer.id}: {answer.code} {answer.message}")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
