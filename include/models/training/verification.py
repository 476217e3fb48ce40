"""What the very engine that will serve an artifact answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.artifact import load_artifact
from serving.backend import batch_policy, load_backend
from serving.cascade import Cascade
from serving.engine import Engine
from serving.metering import Meter
from serving.precision import Precision
from serving.records import Prediction, Record, Stage
from serving.settings import ContainerSettings

from .documents import LabelledDocument
from .metrics import agreement


def served(
    folder: Path,
    documents: Sequence[LabelledDocument],
    env: Mapping[str, str],
    precision: Precision = Precision.INT8,
) -> list[Prediction]:
    """The engine's answers, in the documents' order.

    Args:
        folder: the artifact's.
        documents: what to ask about.
        env: of the container.
        precision: the graph in question, also on a processor that would be served another.

    Raises:
        ValueError: a document could not be classified.
    """
    settings = ContainerSettings.from_environment({**env, "MODEL_PRECISION": precision})
    artifact = load_artifact(folder)
    engine = Engine(
        load_backend(artifact, folder, settings),
        artifact,
        batch_policy(artifact, settings.budget_tokens),
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


@dataclass(frozen=True)
class CascadeFigures:
    """How a cascade did on held-out documents beside the encoder alone.

    Attributes:
        accuracy: of the cascade, 0 to 1.
        loss: accuracy of the encoder less that.
        answered: share that the cheap stage answered, 0 to 1.
        harmful: documents that the cascade gets wrong and the encoder right.
        helpful: documents that the cascade gets right and the encoder wrong.
    """

    accuracy: float
    loss: float
    answered: float
    harmful: int
    helpful: int


def cascade_figures(
    truth: Sequence[str], encoder: Sequence[str], cascade: Sequence[Prediction]
) -> CascadeFigures:
    """Compare the encoder's labels and the cascade's answers with the truth."""
    says = [answer.label for answer in cascade]
    accuracy = agreement(truth, says)
    both = list(zip(truth, encoder, says, strict=True))
    return CascadeFigures(
        accuracy=round(accuracy, 4),
        loss=round(agreement(truth, encoder) - accuracy, 4),
        answered=round(sum(a.stage is Stage.CHEAP for a in cascade) / len(cascade), 4),
        harmful=sum(label == first != second for label, first, second in both),
        helpful=sum(label == second != first for label, first, second in both),
    )
