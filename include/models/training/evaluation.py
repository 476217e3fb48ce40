"""The `evaluate` command, under SageMaker's processing contract.

Every model answers the same labelled documents, on the engine that will serve it; then the models
are timed in turns, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from serving.cpu import Cpu
from serving.records import Prediction
from serving.wire import format_json_line

from .artifact_description import write_json
from .contestant import Contestant
from .documents import LabelledDocument, channel_files, data_digest, read_documents, spread_sample
from .evaluation_config import EvaluationConfig, EvaluationConfigError
from .evaluation_report import EvaluatedModel, Hardware, Speed, report
from .progress import Progress

_MODEL_ARCHIVE = "model.tar.gz"


def evaluate(env: Mapping[str, str]) -> int:
    """Evaluate the models of `input/models` on `input/documents`, under `processing`.

    Writes `output/evaluation.json` and `output/answers/<key>.jsonl`.

    Raises:
        TrainingDataError: the documents cannot be read.
        EvaluationConfigError: the job is told wrongly.
        ArtifactError: a model cannot be used.
        EvaluationError: a model has no answer to a document.
    """
    root = Path(env.get("ML_ROOT", "/opt/ml")) / "processing"
    progress = Progress("evaluation")
    config = EvaluationConfig.read(root / "input/config/evaluation.json")
    files = channel_files(root / "input/documents")
    documents = read_documents(files)
    progress("read", documents=len(documents))
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evaluation-")))
        contestants = _load(root / "input/models", scratch, config, env)
        for contestant in contestants:
            stack.callback(contestant.engine.close)
        progress("loaded", models=list(config.with_cascade))
        answers = {one.key: one.answers(documents) for one in contestants}
        progress("answered")
        speeds = _speeds(contestants, documents, config)
        progress("timed")
    models = {one.key: _evaluated(one, answers[one.key], speeds[one.key]) for one in contestants}
    found = report(documents, data_digest(files), models, _hardware(env), config.how)
    output = root / "output"
    (output / "answers").mkdir(parents=True, exist_ok=True)
    for key, given in answers.items():
        (output / "answers" / f"{key}.jsonl").write_bytes(b"".join(map(format_json_line, given)))
    write_json(output / "evaluation.json", found)
    progress("done", accuracy={key: one["accuracy"] for key, one in found["models"].items()})
    return 0


def _load(
    folder: Path, scratch: Path, config: EvaluationConfig, env: Mapping[str, str]
) -> list[Contestant]:
    missing = [key for key in config.with_cascade if not (folder / key / _MODEL_ARCHIVE).exists()]
    if missing:
        raise EvaluationConfigError(f"no {_MODEL_ARCHIVE} of {', '.join(missing)} in {folder}")
    return [
        Contestant.load(folder / key / _MODEL_ARCHIVE, scratch / key, with_cascade, env)
        for key, with_cascade in config.with_cascade.items()
    ]


def _speeds(
    contestants: Sequence[Contestant],
    documents: Sequence[LabelledDocument],
    config: EvaluationConfig,
) -> dict[str, Speed]:
    # Documents in an order that follows neither label nor length.
    stream = spread_sample(documents, len(documents))
    counts = {one.key: one.count_for(stream, config.round_s) for one in contestants}
    rounds: dict[str, list[tuple[float, float]]] = {one.key: [] for one in contestants}
    for turn in range(config.rounds):
        first = turn % len(contestants)
        for one in (*contestants[first:], *contestants[:first]):
            rounds[one.key].append(one.round(stream, counts[one.key]))
    return {
        one.key: _speed(rounds[one.key], one.latencies_ms(stream, config.round_s))
        for one in contestants
    }


def _speed(rounds: Sequence[tuple[float, float]], latencies_ms: Sequence[float]) -> Speed:
    p50, p99 = np.percentile(latencies_ms, [50, 99])
    return Speed(
        documents_per_s=round(median(documents for documents, _ in rounds), 1),
        tokens_per_s=round(median(tokens for _, tokens in rounds), 1),
        p50_ms=round(float(p50), 3),
        p99_ms=round(float(p99), 3),
    )


def _evaluated(one: Contestant, answers: Sequence[Prediction], speed: Speed) -> EvaluatedModel:
    described: Mapping[str, Any] = one.description
    signature = described.get("signature") or {}
    agreement = one.metrics.get("agreement", described.get("metrics", {}).get("agreement"))
    return EvaluatedModel(
        labels=tuple(described["labels"]),
        answers=answers,
        speed=speed,
        artifact_bytes=one.archive_bytes,
        agreement=agreement,
        data_digest=described.get("data_digest"),
        has_signature=bool(signature.get("inputs") and signature.get("outputs")),
    )


def _hardware(env: Mapping[str, str]) -> Hardware:
    cpu = Cpu.given()
    return Hardware(
        instance_type=env.get("INSTANCE_TYPE") or None,
        cpu=cpu.name,
        cores=cpu.cores,
        engine="torch" if env.get("MODEL_ENGINE") == "torch" else "openvino",
    )
