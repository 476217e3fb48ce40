"""The product's engine as its container runs it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from serving.commands import build_engine
from serving.metering import Meter
from serving.records import Prediction, Record
from serving.settings import ContainerSettings
from tokenizers import Tokenizer

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import Classifier


class Ours(Classifier):
    """`Engine.answers` over records, at the container's default settings."""

    def __init__(self, files: CaseFiles) -> None:
        super().__init__(files)
        settings = ContainerSettings.from_environment(os.environ)
        self._engine = build_engine(files.model, settings, Meter())
        self._place = {label: index for index, label in enumerate(self.case.labels)}

    def classify(self, texts: Sequence[str]) -> list[int]:
        """See `Classifier.classify`."""
        records = (Record(str(number), text) for number, text in enumerate(texts))
        labels = []
        for answer in self._engine.answers(records):
            if not isinstance(answer, Prediction):
                raise RuntimeError(f"document {answer.id}: {answer.code} {answer.message}")
            labels.append(self._place[answer.label])
        return labels

    def labels_and_embeddings(self, texts: Sequence[str]) -> tuple[list[int], NDArray[np.float32]]:
        """Labels from the engine, embeddings read off its int8 graph where the head begins."""
        core = ov.Core()
        graph = core.read_model(str(self.files.model / "model.xml"))
        graph.add_outputs("embedding")
        compiled = core.compile_model(graph, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
        tokenizer = Tokenizer.from_file(str(self.files.model / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.case.max_tokens)
        rows = [_embedding(compiled, tokenizer.encode(text).ids) for text in texts]
        return self.classify(texts), np.concatenate(rows)


def _embedding(compiled: Any, ids: Sequence[int]) -> NDArray[np.float32]:
    length = -(-len(ids) // 16) * 16
    row = np.zeros((1, length), dtype=np.int64)
    mask = np.zeros_like(row)
    row[0, : len(ids)] = ids
    mask[0, : len(ids)] = 1
    found: NDArray[np.float32] = compiled({"input_ids": row, "attention_mask": mask})["embedding"]
    return found.copy()


def build(files: CaseFiles) -> Ours:
    """Start the engine on the case's artifact."""
    return Ours(files)
