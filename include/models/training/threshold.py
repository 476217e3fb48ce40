"""From which confidence on the cheap stage may answer: chosen with a bound on what it costs. Pure.

What it costs is against the encoder alone. Under the threshold both stages are pooled, which may
win back what the cheap stage loses above it.

Thresholds are tried from the most careful on, and the first whose loss is not ruled out ends the
search. Tested in a fixed order, each at the full level, the thresholds that pass are all sound at
once with the confidence asked for (Angelopoulos et al., 2021, "Learn then Test").

Pooling gains accuracy and differs from the encoder on more documents, which widens the bound. So a
cascade that asks the encoder alone is looked for beside the pooled one, each at half the error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .non_inferiority import loss_bound, p_value

THRESHOLDS = (
    *(0.9995, 0.999, 0.998, 0.997, 0.996, 0.995, 0.9925),
    *(round(0.99 - 0.005 * step, 3) for step in range(18)),
    *(round(0.90 - 0.01 * step, 2) for step in range(90)),
)
"""From the most careful to one that every document passes."""


@dataclass(frozen=True)
class Evidence:
    """What a threshold was allowed for.

    Attributes:
        threshold: the lowest that passed.
        documents: how many both stages were compared on, none of which they were fitted on.
        answered: share that the cheap stage answers, 0 to 1.
        harmful: documents that the cascade gets wrong and the encoder alone right.
        helpful: documents that the cascade gets right and the encoder alone wrong.
        max_loss: accuracy that the cascade was allowed to cost.
        confidence: with which a greater loss is ruled out, all that was tried taken together.
        loss_bound: the smallest loss ruled out; at most `max_loss`.
    """

    threshold: float
    documents: int
    answered: float
    harmful: int
    helpful: int
    max_loss: float
    confidence: float
    loss_bound: float


@dataclass(frozen=True)
class Right:
    """Which documents are labelled rightly, one flag a document in each.

    Attributes:
        cheap: by the cheap stage.
        pooled: by both stages together, which answer what the cheap stage is not sure of.
        encoder: by the encoder alone, which the cascade is compared with.
    """

    cheap: NDArray[np.bool_]
    pooled: NDArray[np.bool_]
    encoder: NDArray[np.bool_]


def choose_cascade(
    confidences: NDArray[np.float32],
    right: Right,
    max_loss: float,
    confidence: float,
) -> tuple[Evidence, bool] | None:
    """The way that answers most documents cheaply: with pooled stages, or the encoder alone.

    Args:
        confidences: as in `choose_threshold`.
        right: as in `choose_threshold`.
        max_loss: as in `choose_threshold`.
        confidence: with which a greater loss must be ruled out, 0 to 1, both ways together.

    Returns:
        The evidence, and whether the stages are pooled; None where neither way has any.
    """
    each = 1 - (1 - confidence) / 2
    ways = ((right, True), (replace(right, pooled=right.encoder), False))
    found = [
        (replace(evidence, confidence=confidence), is_pooled)
        for flags, is_pooled in ways
        if (evidence := choose_threshold(confidences, flags, max_loss, each))
    ]
    return max(found, key=lambda way: way[0].answered, default=None)


def choose_threshold(
    confidences: NDArray[np.float32],
    right: Right,
    max_loss: float,
    confidence: float,
) -> Evidence | None:
    """The lowest threshold under which the cascade's loss of accuracy is bounded.

    Args:
        confidences: the cheap stage's, of each document.
        right: whose labels are.
        max_loss: accuracy that the cascade may cost, 0 to 1.
        confidence: with which a greater loss must be ruled out, 0 to 1.

    Returns:
        The evidence, or None where no threshold passes under which anything is answered.
    """
    documents = len(confidences)
    passed: tuple[float, int, int, int] | None = None
    for threshold in THRESHOLDS:
        answered = confidences >= threshold
        cascade = np.where(answered, right.cheap, right.pooled)
        harmful = int(np.sum(right.encoder & ~cascade))
        helpful = int(np.sum(cascade & ~right.encoder))
        if p_value(harmful, helpful, documents, max_loss) > 1 - confidence:
            break
        passed = threshold, int(answered.sum()), harmful, helpful
    if passed is None or passed[1] == 0:
        return None
    threshold, count, harmful, helpful = passed
    return Evidence(
        threshold=threshold,
        documents=documents,
        answered=round(count / documents, 4),
        harmful=harmful,
        helpful=helpful,
        max_loss=max_loss,
        confidence=confidence,
        loss_bound=round(loss_bound(harmful, helpful, documents, confidence), 5),
    )
