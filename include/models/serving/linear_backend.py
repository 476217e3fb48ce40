"""The cheap model by itself: a Rust tokenizer and numpy."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .artifact import Artifact, ArtifactError
from .batching import BatchPolicy
from .linear_model import LinearModel
from .tokenizing import load_tokenizer, tokenize

LINEAR_FILE = "linear.npz"
"""The model, in an artifact of format `linear`."""

_BATCH_DOCUMENTS = 256
"""A call of numpy costs the same for one document as for some hundred."""


class LinearBackend:
    """TF-IDF and a linear function of it. Nothing is padded, so documents of any length mix."""

    def __init__(self, tokenizer: Tokenizer, model: LinearModel) -> None:
        self._tokenizer = tokenizer
        self._model = model

    @classmethod
    def load(cls, artifact: Artifact, folder: Path) -> LinearBackend:
        """Load the model of the artifact in `folder`.

        Raises:
            ArtifactError: a file is missing, unreadable or of other classes.
        """
        model = LinearModel.load(folder / LINEAR_FILE)
        if len(model.bias) != len(artifact.labels):
            raise ArtifactError(
                f"{folder}: the model has {len(model.bias)} classes, "
                f"model.json {len(artifact.labels)} labels"
            )
        return cls(load_tokenizer(folder, artifact), model)

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        """See `Backend.tokenize`."""
        return tokenize(self._tokenizer, texts)

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        """See `Backend.infer`."""
        return self._model.probabilities(tokens)


def linear_policy(max_tokens: int) -> BatchPolicy:
    """Batches of so many documents, of whatever length."""
    return BatchPolicy(max_tokens, _BATCH_DOCUMENTS * max_tokens, length_step=max_tokens)
