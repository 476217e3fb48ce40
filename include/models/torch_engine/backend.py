"""The model server's backend on the torch image: see `serving.backend.Backend`."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from serving.tokenizing import load_tokenizer, tokenize
from tokenizers import Tokenizer

from .loading import LoadedModels
from .packing import flatten
from .runner import Runner


class TorchBackend:
    """A tokenizer on all cores, and the runner of one model.

    The engine's batches are packed here, so what they were to be padded to is of no account.
    """

    def __init__(self, tokenizer: Tokenizer, runner: Runner) -> None:
        self._tokenizer = tokenizer
        self._runner = runner
        self._lock = threading.Lock()

    @classmethod
    def of(cls, models: LoadedModels) -> TorchBackend:
        """Serve the first of the loaded models."""
        backend = cls(load_tokenizer(models.folders[0], models.artifacts[0]), models.runner)
        backend.infer(0, backend.tokenize(["warm"]), 0)
        return backend

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        """See `Backend.tokenize`."""
        return tokenize(self._tokenizer, texts)

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        """See `Backend.infer`."""
        flat, lengths = flatten(tokens)
        with self._lock:
            pending = self._runner.start(flat, lengths)
        return pending.result()
