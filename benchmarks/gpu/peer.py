"""sentence-transformers' `encode` on the same device, weights, texts and truncation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch


class SentenceTransformers:
    """The peer; ImportError where it is not installed beside torch."""

    def __init__(self, encoder: Path, max_tokens: int, device: torch.device, dtype: torch.dtype):
        from sentence_transformers import SentenceTransformer

        self._model: Any = SentenceTransformer(str(encoder), device=str(device)).to(dtype)
        self._model.max_seq_length = max_tokens

    def seconds(self, texts: Sequence[str], batch_size: int) -> float:
        """All texts to embeddings, from strings to arrays, as its users call it."""
        started = time.perf_counter()
        self._model.encode(texts, batch_size=batch_size, convert_to_tensor=True)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() - started
