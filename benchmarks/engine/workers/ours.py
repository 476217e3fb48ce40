"""The product's engine as its container runs a job."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from serving.artifact import load_artifact
from serving.commands import build_engine
from serving.metering import Meter
from serving.packing import pack, pad
from serving.precision import served_precision
from serving.records import Prediction, Record
from serving.settings import ContainerSettings
from serving.tuning import TUNING_FILE
from tokenizers import Tokenizer

from benchmarks.engine.case import CaseFiles
from benchmarks.engine.workers.passes import Classifier

PADDED_TO = 16


class Ours(Classifier):
    """`Engine.answers` over records, at the container's defaults, calibrated anew.

    Args:
        files: the case.
        precision: `MODEL_PRECISION`; empty leaves the choice to the engine.
    """

    def __init__(self, files: CaseFiles, precision: str) -> None:
        super().__init__(files)
        environment = os.environ | {"MODEL_PRECISION": precision}
        self._settings = ContainerSettings.from_environment(environment)
        self._tuning = files.model / TUNING_FILE
        self._tuning.unlink(missing_ok=True)
        self._engine = build_engine(files.model, self._settings, Meter(), is_job=True)
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

    def tune(self) -> dict[str, Any]:
        """What the engine chose for itself: its precision, and its width where it measured one."""
        artifact = load_artifact(self.files.model)
        chosen = {"precision": served_precision(artifact, self.files.model, self._settings)}
        if self._tuning.exists():
            (width,) = json.loads(self._tuning.read_text(encoding="utf-8")).values()
            chosen |= width
        return super().tune() | {"chosen": chosen}

    def labels_and_embeddings(self, texts: Sequence[str]) -> tuple[list[int], NDArray[np.float32]]:
        """Labels from the engine, embeddings read off its graph where the head begins."""
        artifact = load_artifact(self.files.model)
        served = served_precision(artifact, self.files.model, self._settings)
        core = ov.Core()
        graph = core.read_model(str(self.files.model / served.graph))
        graph.add_outputs("embedding")
        compiled = core.compile_model(graph, "CPU")
        tokenizer = Tokenizer.from_file(str(self.files.model / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.case.max_tokens)
        rows = [_embedding(compiled, tokenizer.encode(text).ids) for text in texts]
        return self.classify(texts), np.concatenate(rows)


def _embedding(compiled: Any, ids: Sequence[int]) -> NDArray[np.float32]:
    names = {name for one in compiled.inputs for name in one.names}
    lay_out = pack if "slots" in names else pad
    length = -(-len(ids) // PADDED_TO) * PADDED_TO
    found: NDArray[np.float32] = compiled(lay_out([ids], length))["embedding"]
    return found.copy()


def build(files: CaseFiles, precision: str = "") -> Ours:
    """Start the engine on the case's artifact."""
    return Ours(files, precision)
