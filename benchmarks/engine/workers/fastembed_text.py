"""fastembed's `TextEmbedding` on the exported fp32 graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType
from numpy.typing import NDArray

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import EmbeddingClassifier

NAME = "local/encoder"


class FastEmbed(EmbeddingClassifier):
    """`TextEmbedding.embed`; its own default batch is 256."""

    batch_sizes = (8, 32, 256)

    def __init__(self, files: CaseFiles) -> None:
        super().__init__(files)
        TextEmbedding.add_custom_model(
            model=NAME,
            pooling=PoolingType.MEAN,
            normalization=True,
            sources=ModelSource(hf=NAME),
            dim=int(self._weight.shape[0]),
            model_file="onnx/model.onnx",
        )
        self._model = TextEmbedding(NAME, specific_model_path=str(files.exported))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `EmbeddingClassifier.embed`."""
        rows = list(self._model.embed(list(texts), batch_size=self.batch_size))
        return np.asarray(rows, dtype=np.float32)


def build(files: CaseFiles) -> FastEmbed:
    """Register the exported graph and load it."""
    return FastEmbed(files)
