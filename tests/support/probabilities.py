"""What a stand-in for a model's backend returns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def probabilities(answers: Sequence[tuple[int, float]], classes: int) -> NDArray[np.float32]:
    """Of each answer, a label's index and its probability, one row; other classes get 0."""
    rows = np.zeros((len(answers), classes), dtype=np.float32)
    for row, (label, score) in zip(rows, answers, strict=True):
        row[label] = score
    return rows
