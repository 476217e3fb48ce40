"""What the very engine that will serve an artifact answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from serving.artifact import load_artifact
from serving.backend import load_backend
from serving.batching import BatchPolicy
from serving.cascade import Cascade
from serving.engine import Engine
from serving.metering import Meter
from serving.precision import Precision
from serving.records import Prediction, Record, Stage
from serving.settings import ContainerSettings

from .documents import LabelledDocument
from .metrics import agreement


def served(
    folder: Path, documents: Sequence[LabelledDocument], env: Mapping[str, str]
) -> list[Prediction]:
    """The engine's answers, in the documents' order.

    Raises:
        ValueError: a document could not be classified.
    """
    # The int8 graph is what is in question, also on a processor that would be served fp32.
    settings = ContainerSettings.from_environment({**env, "MODEL_PRECISION": Precision.INT8})
    artifact = load_artifact(folder)
    engine = Engine(
        load_backend(artifact, folder, settings),
        artifact,
        BatchPolicy(artifact.max_tokens, settings.budget_tokens),
        Meter(),
        workers=settings.workers,
        window_documents=settings.window_documents,
        cascade=Cascade.load(artifact, folder),
    )
    found = []
    for answer in engine.answers(Record(d.id, d.text) for d in documents):
        if not isinstance(answer, Prediction):
            raise ValueError(f"document {answer.id}: {answer.code}: {answer.message}")
        found.append(answer)
    engine.close()
    return found


def cascade_figures(
    truth: Sequence[str], encoder: Sequence[str], cascade: Sequence[Prediction]
) -> dict[str, float]:
    """How the cascade did on held-out documents beside the encoder alone; shares, 0 to 1."""
    accuracy = agreement(truth, [answer.label for answer in cascade])
    return {
        "accuracy": round(accuracy, 4),
        "loss": round(agreement(truth, encoder) - accuracy, 4),
        "answered": round(sum(a.stage is Stage.CHEAP for a in cascade) / len(cascade), 4),
    }
