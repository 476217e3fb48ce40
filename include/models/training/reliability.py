"""How far a classifier's confidence can be believed: calibration error, by bins. Pure.

The expected calibration error of Naeini et al., 2015, "Obtaining Well Calibrated Probabilities
Using Bayesian Binning": bins of the same width, their distances weighted by their documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 15
"""As in Guo et al., 2017, "On Calibration of Modern Neural Networks"."""


@dataclass(frozen=True)
class Bin:
    """Documents whose answers are about equally sure.

    Attributes:
        low: confidence is above it (in the first bin, at least it).
        high: and at most this.
        documents: how many, at least 1.
        confidence: their mean.
        accuracy: share of them that are right.
    """

    low: float
    high: float
    documents: int
    confidence: float
    accuracy: float


def reliability(confidences: Sequence[float], is_right: Sequence[bool]) -> list[Bin]:
    """The bins that have documents, ascending.

    Args:
        confidences: of each answer, 0 to 1.
        is_right: whether it is the document's label.

    Raises:
        ValueError: the sequences differ in length or are empty.
    """
    if not confidences or len(confidences) != len(is_right):
        raise ValueError(f"{len(confidences)} confidences against {len(is_right)} outcomes")
    values, right = np.asarray(confidences, dtype=float), np.asarray(is_right, dtype=bool)
    place = np.clip(np.ceil(values * BINS).astype(int) - 1, 0, BINS - 1)
    return [
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            documents=int(inside.sum()),
            confidence=float(values[inside].mean()),
            accuracy=float(right[inside].mean()),
        )
        for number in range(BINS)
        if (inside := place == number).any()
    ]


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """The mean distance of confidence and accuracy over all documents, 0 to 1."""
    documents = sum(each.documents for each in bins)
    return sum(each.documents * abs(each.confidence - each.accuracy) for each in bins) / documents
