"""sentence-transformers' `encode`: torch, torch in bf16, or its own ONNX int8 export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import EmbeddingClassifier


class Encode(EmbeddingClassifier):
    """`SentenceTransformer.encode`, which sorts by length itself."""

    batch_sizes = (8, 32, 128)

    def __init__(self, files: CaseFiles, model: SentenceTransformer) -> None:
        super().__init__(files)
        self._model = model

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `EmbeddingClassifier.embed`."""
        return np.asarray(
            self._model.encode(
                list(texts),
                batch_size=self.batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
            ),
            dtype=np.float32,
        )


def build(files: CaseFiles, backend: str) -> Encode:
    """Load the model; `backend` is `torch`, `torch-bf16` or `onnx-int8`."""
    arguments: dict[str, Any]
    match backend:
        case "torch":
            folder, arguments = files.encoder, {}
        case "torch-bf16":
            folder, arguments = files.encoder, {"model_kwargs": {"torch_dtype": "bfloat16"}}
        case "onnx-int8":
            folder = files.exported
            kwargs = {"file_name": "onnx/model_quantized.onnx", "export": False}
            arguments = {"backend": "onnx", "model_kwargs": kwargs}
        case _:
            raise ValueError(f"no such backend: {backend}")
    model = SentenceTransformer(str(folder), device="cpu", **arguments)
    model.max_seq_length = files.case.max_tokens
    return Encode(files, model)
