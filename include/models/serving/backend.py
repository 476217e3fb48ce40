"""What the engine needs of a model, and the choice of one by the artifact's format."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .artifact import LINEAR_FORMAT, OPENVINO_FORMAT, Artifact, ArtifactError
from .batching import BatchPolicy
from .settings import ContainerSettings


class Backend(Protocol):
    """A tokenizer and a model. `tokenize` and `infer` may run at once in different threads."""

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        """Token ids of each text, each 1 to `Artifact.tokenized_tokens` long.

        Raises:
            ValueError: a text that cannot be tokenized.
        """
        ...

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        """Class probabilities of each document, of shape [documents, classes of all heads].

        The array is the caller's: nothing changes it later.

        Args:
            worker: which of the engine's workers calls, 0-based; a worker calls one at a time.
            tokens: the batch's documents.
            length: tokens to pad each document to.
        """
        ...


def load_backend(artifact: Artifact, folder: Path, settings: ContainerSettings) -> Backend:
    """Build the backend that `artifact.format` names.

    Raises:
        ArtifactError: unknown format.
    """
    match artifact.format:
        case format_ if format_ == OPENVINO_FORMAT:
            from .openvino_backend import OpenVinoBackend

            return OpenVinoBackend.load(artifact, folder, settings)
        case format_ if format_ == LINEAR_FORMAT:
            from .linear_backend import LinearBackend

            return LinearBackend.load(artifact, folder)
        case "hash":
            from .hash_backend import HashBackend

            return HashBackend(*artifact.classes)
        case other:
            raise ArtifactError(f"{folder}/model.json: unknown format {other!r}")


def batch_policy(artifact: Artifact, budget_tokens: int) -> BatchPolicy:
    """How the artifact's backend wants its batches; `budget_tokens` is for what is padded."""
    if artifact.format == LINEAR_FORMAT:
        from .linear_backend import linear_policy

        return linear_policy(artifact.max_tokens)
    return BatchPolicy(artifact.max_tokens, budget_tokens)
