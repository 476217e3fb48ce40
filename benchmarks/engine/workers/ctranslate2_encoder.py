"""CTranslate2's encoder in int8, sorted batches spread over its replicas."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import ctranslate2
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import EmbeddingClassifier


class CTranslate2Encoder(EmbeddingClassifier):
    """One replica a core, each on one thread; texts sorted by length, as its docs advise."""

    batch_sizes = (4, 8, 16, 32)

    def __init__(self, files: CaseFiles) -> None:
        super().__init__(files)
        folder = files.folder / "ctranslate2"
        if not folder.exists():
            ctranslate2.converters.TransformersConverter(str(files.encoder)).convert(
                str(folder), quantization="int8"
            )
        cores = len(os.sched_getaffinity(0))
        self._encoder = ctranslate2.Encoder(
            str(folder), device="cpu", compute_type="int8", inter_threads=cores, intra_threads=1
        )
        self._pool = ThreadPoolExecutor(cores)
        self._tokenizer = Tokenizer.from_file(str(files.encoder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.case.max_tokens)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `EmbeddingClassifier.embed`."""
        tokens = [found.ids for found in self._tokenizer.encode_batch_fast(list(texts))]
        order = sorted(range(len(tokens)), key=lambda position: len(tokens[position]), reverse=True)
        size = self.batch_size
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        work = [[tokens[position] for position in batch] for batch in batches]
        result = np.empty((len(texts), self._weight.shape[0]), dtype=np.float32)
        for batch, rows in zip(batches, self._pool.map(self._batch, work), strict=True):
            result[batch] = rows
        return result

    def _batch(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        state = np.array(self._encoder.forward_batch(tokens).last_hidden_state)
        lengths = np.array([len(ids) for ids in tokens])
        weight = (np.arange(state.shape[1]) < lengths[:, None])[:, :, None].astype(np.float32)
        mean = (state * weight).sum(axis=1) / lengths[:, None]
        result: NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return result


def build(files: CaseFiles) -> CTranslate2Encoder:
    """Convert the weights once, then load them."""
    return CTranslate2Encoder(files)
