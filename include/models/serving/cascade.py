"""A cascade's first stage answers what it is sure of, and has its say in the rest.

Where the encoder is asked as well, both stages' probabilities are weighed together in a logarithmic
opinion pool (Genest and Zidek, 1986, "Combining Probability Distributions"): their geometric mean
under two weights. The two err differently, so the pool errs less often than either.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .artifact import Artifact, ArtifactError, PoolWeights
from .linear_model import FloatArray, LinearModel, softmax

Tokens = TypeVar("Tokens", "array[int]", list[int])


_SMALLEST = 1e-9
"""A probability of 0 would forbid a class whatever the other stage says."""


class Cascade:
    """The cheap model, from which confidence on it answers, and its weight where it does not."""

    def __init__(
        self, model: LinearModel, threshold: float, pool: PoolWeights | None = None
    ) -> None:
        self._model = model
        self._threshold = threshold
        self._pool = pool or PoolWeights()

    @classmethod
    def load(cls, artifact: Artifact, folder: Path) -> Cascade | None:
        """The artifact's cascade, or None where it has none.

        Raises:
            ArtifactError: its file is missing, unreadable or of other classes.
        """
        if artifact.cascade is None:
            return None
        model = LinearModel.load(folder / artifact.cascade.file)
        if len(model.bias) != len(artifact.labels):
            raise ArtifactError(
                f"{folder}: the cheap model has {len(model.bias)} classes, "
                f"the artifact {len(artifact.labels)}"
            )
        return cls(model, artifact.cascade.threshold, artifact.cascade.pool)

    def probabilities(self, tokens: Sequence[Sequence[int]]) -> FloatArray:
        """The cheap stage's, float32 of shape [documents, classes].

        Args:
            tokens: each document's, whole and not only what the encoder reads.
        """
        return self._model.probabilities(tokens)

    def is_sure(self, cheap: FloatArray) -> NDArray[np.bool_]:
        """Whether the cheap stage's answer stands, one a document."""
        sure: NDArray[np.bool_] = cheap.max(axis=1, initial=0) >= self._threshold
        return sure

    def pooled(self, cheap: FloatArray, encoder: FloatArray) -> FloatArray:
        """Both stages' probabilities as one, see `pooled`."""
        return pooled(cheap, encoder, self._pool)


def pooled(cheap: FloatArray, encoder: FloatArray, weights: PoolWeights) -> FloatArray:
    """Weigh two models' probabilities; each array has shape [documents, classes].

    A document's row depends on its own probabilities alone.
    """
    if weights == PoolWeights():
        return encoder
    logits = weights.encoder * np.log(np.maximum(encoder, _SMALLEST))
    logits += weights.cheap * np.log(np.maximum(cheap, _SMALLEST))
    return softmax(logits.astype(np.float32))


def truncated(tokens: Tokens, max_tokens: int) -> Tokens:
    """What the encoder reads of a document: its beginning, and the token that ends it.

    The same as the tokenizer's own truncation gives.
    """
    if len(tokens) <= max_tokens:
        return tokens
    return tokens[: max_tokens - 1] + tokens[-1:]
