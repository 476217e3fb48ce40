"""ONNX Runtime as a first script has it: batches in the order given, padded to the longest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import EmbeddingClassifier


class OnnxBatches(EmbeddingClassifier):
    """The exported encoder in one session on all cores, mean pooling in numpy."""

    batch_sizes = (8, 32, 128)

    def __init__(self, files: CaseFiles, graph: str) -> None:
        super().__init__(files)
        self._tokenizer = Tokenizer.from_file(str(files.encoder / "tokenizer.json"))
        self._tokenizer.enable_truncation(self.case.max_tokens)
        self._tokenizer.enable_padding()
        self._session = ort.InferenceSession(
            str(files.exported / "onnx" / graph), providers=["CPUExecutionProvider"]
        )
        self._inputs = {given.name for given in self._session.get_inputs()}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `EmbeddingClassifier.embed`."""
        size = self.batch_size
        rows = [self._batch(texts[start : start + size]) for start in range(0, len(texts), size)]
        return np.concatenate(rows)

    def _batch(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = self._tokenizer.encode_batch(list(texts))
        mask = np.array([one.attention_mask for one in found], dtype=np.int64)
        feeds = {
            "input_ids": np.array([one.ids for one in found], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        given = {name: value for name, value in feeds.items() if name in self._inputs}
        state = self._session.run(None, given)[0]
        weight = mask[:, :, None].astype(np.float32)
        mean = (state * weight).sum(axis=1) / weight.sum(axis=1)
        result: NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return result


def build(files: CaseFiles, graph: str) -> OnnxBatches:
    """Load `graph`, one of the exported ONNX files."""
    return OnnxBatches(files, graph)
