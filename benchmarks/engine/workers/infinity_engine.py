"""Infinity's `AsyncEmbeddingEngine`: torch, or ONNX Runtime on the exported int8 graph."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import numpy as np
from infinity_emb import AsyncEmbeddingEngine, EngineArgs
from numpy.typing import NDArray

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import EmbeddingClassifier


class Infinity(EmbeddingClassifier):
    """One engine for each batch size, for that is fixed when it starts."""

    batch_sizes = (8, 32, 128)

    def __init__(self, files: CaseFiles, engine: str) -> None:
        super().__init__(files)
        self._engine_name = engine
        self._loop = asyncio.new_event_loop()
        self._engine: AsyncEmbeddingEngine | None = None
        self._engine_batch = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `EmbeddingClassifier.embed`."""
        rows, _ = self._loop.run_until_complete(self._started().embed(sentences=list(texts)))
        return np.asarray(rows, dtype=np.float32)

    def close(self) -> None:
        """Stop the engine, whose threads would outlive it."""
        if self._engine is not None:
            self._loop.run_until_complete(self._engine.astop())
            self._engine = None

    def _started(self) -> AsyncEmbeddingEngine:
        if self._engine is None or self._engine_batch != self.batch_size:
            self.close()
            self._engine = AsyncEmbeddingEngine.from_args(self._arguments())
            self._loop.run_until_complete(self._engine.astart())
            self._engine_batch = self.batch_size
        return self._engine

    def _arguments(self) -> EngineArgs:
        folder = str(self.files.encoder)
        if self._engine_name == "optimum":
            # Infinity 0.0.78 finds a local graph only where the folder is a relative path.
            os.chdir(self.files.infinity)
            folder = "."
        return EngineArgs(
            model_name_or_path=folder,
            engine=self._engine_name,
            device="cpu",
            batch_size=self.batch_size,
            pooling_method="mean",
            bettertransformer=False,
            model_warmup=False,
            lengths_via_tokenize=True,
        )


def build(files: CaseFiles, engine: str) -> Infinity:
    """`engine` is Infinity's own name: `torch` or `optimum`."""
    return Infinity(files, engine)
