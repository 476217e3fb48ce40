"""A cascade goes into the artifact, unless the held-out documents speak against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from serving.artifact import MODEL_FILE

from .artifact_description import describe_cascade, read_json, write_json
from .cascade import CASCADE_FILE, TrainedCascade
from .documents import LabelledDocument
from .non_inferiority import is_contradicted
from .parameters import TrainingParameters
from .verification import cascade_figures, served


def release_cascade(
    cascade: TrainedCascade,
    target: Path,
    held_out: Sequence[LabelledDocument],
    encoder_says: Sequence[str],
    parameters: TrainingParameters,
    env: Mapping[str, str],
) -> dict[str, Any]:
    """Add the cascade to a complete artifact, and take it back where it is contradicted.

    Its evidence is of stages fitted on the folds. Here the final two answer, as they will be
    served. They are few documents, too few to bound a loss this small; but where they rule out
    that the loss is within what was allowed, nothing is left of the artifact's cascade.

    Args:
        cascade: the cheap model and its evidence.
        target: the artifact's folder, `model.json` among its files.
        held_out: documents that neither stage was fitted on.
        encoder_says: the served encoder's label of each.
        parameters: the loss allowed, and the confidence asked for.
        env: of the container.

    Returns:
        The figures for `metrics.json`; `kept` says whether the artifact has the cascade now.
    """
    description = read_json(target / MODEL_FILE)
    rule = describe_cascade(cascade, parameters)
    cascade.model.save(target / CASCADE_FILE)
    write_json(target / MODEL_FILE, description | {"cascade": rule})
    truth = [document.label for document in held_out]
    figures = cascade_figures(truth, encoder_says, served(target, held_out, env))
    kept = not is_contradicted(
        figures.harmful,
        figures.helpful,
        len(truth),
        parameters.cascade_max_loss,
        parameters.cascade_confidence,
    )
    if not kept:
        write_json(target / MODEL_FILE, description)
        (target / CASCADE_FILE).unlink()
    return asdict(figures) | {"kept": kept, "evidence": asdict(cascade.evidence)}
