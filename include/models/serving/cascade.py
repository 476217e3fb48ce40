"""The first stage of a cascade: a cheap model answers what it is sure of."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from .artifact import Artifact, ArtifactError
from .linear_model import LinearModel

Tokens = TypeVar("Tokens", "array[int]", list[int])


class Cascade:
    """The cheap model and the confidence from which its answer stands."""

    def __init__(self, model: LinearModel, threshold: float) -> None:
        self._model = model
        self._threshold = threshold

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
        return cls(model, artifact.cascade.threshold)

    def answers(self, tokens: Sequence[array[int]]) -> list[tuple[int, float] | None]:
        """Label index and probability of each document, None where the encoder is to answer.

        Args:
            tokens: each document's, whole and not only what the encoder reads.
        """
        probabilities = self._model.probabilities(tokens)
        best = probabilities.argmax(axis=1)
        found = zip(best, probabilities, strict=True)
        return [(int(k), float(row[k])) if row[k] >= self._threshold else None for k, row in found]


def truncated(tokens: Tokens, max_tokens: int) -> Tokens:
    """What the encoder reads of a document: its beginning, and the token that ends it.

    The same as the tokenizer's own truncation gives.
    """
    if len(tokens) <= max_tokens:
        return tokens
    return tokens[: max_tokens - 1] + tokens[-1:]
