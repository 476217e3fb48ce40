"""From probabilities to labels, of one head or of several that share the encoder's pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .artifact import Artifact
from .records import HeadAnswer, Prediction, Stage


@dataclass(frozen=True, slots=True)
class Found:
    """What the model says of one document: the first head's answer, and the further heads'."""

    label: str
    score: float
    heads: tuple[HeadAnswer, ...] = ()

    def of(self, id_: str, stage: Stage | None) -> Prediction:
        """The prediction of the document `id_`."""
        return Prediction(id_, self.label, self.score, stage, self.heads)


class Heads:
    """Reads rows of probabilities, the heads' side by side, each of which adds up to 1."""

    def __init__(self, artifact: Artifact) -> None:
        self._labels = artifact.labels
        self._further = artifact.heads

    def read(self, rows: NDArray[np.float32]) -> list[Found]:
        """What each document's row says.

        Args:
            rows: shape [documents, classes of all heads].
        """
        end = len(self._labels)
        first = _best(self._labels, rows[:, :end])
        if not self._further:
            return [Found(label, score) for label, score in first]
        further = []
        for head in self._further:
            start, end = end, end + len(head.labels)
            said = _best(head.labels, rows[:, start:end])
            further.append([HeadAnswer(head.name, label, score) for label, score in said])
        return [
            Found(label, score, heads)
            for (label, score), heads in zip(first, zip(*further, strict=True), strict=True)
        ]


def _best(labels: tuple[str, ...], rows: NDArray[np.float32]) -> list[tuple[str, float]]:
    best = rows.argmax(axis=1)
    scores = rows[np.arange(len(rows)), best]
    return [(labels[k], score) for k, score in zip(best.tolist(), scores.tolist(), strict=True)]
