"""One case on disk: texts, weights and reference that every contender is given."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """What is measured, and where its files are.

    Attributes:
        name: the documents' file name without its ending.
        max_tokens: texts are truncated to so many tokens, special tokens included.
        labels: the classes, in the order of the head's output.
        documents: how many texts one pass classifies.
        tokens: tokens of all of them, truncated, without padding.
        truncated: texts that are longer than `max_tokens`.
        flop: operations of their matrix products.
        truth: the right class of each text, as an index into `labels`; None where unknown.
        trained_on: labelled documents that the head was fitted on.
    """

    name: str
    max_tokens: int
    labels: tuple[str, ...]
    documents: int
    tokens: int
    truncated: int
    flop: int
    truth: tuple[int, ...] | None
    trained_on: int

    def save(self, folder: Path) -> None:
        """Write `case.json`, the last file of a prepared case."""
        text = json.dumps(asdict(self), indent=1)
        (folder / "case.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Case:
        """Read `case.json`."""
        value = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        truth = value.pop("truth")
        labels = tuple(value.pop("labels"))
        return cls(labels=labels, truth=None if truth is None else tuple(truth), **value)


@dataclass(frozen=True)
class CaseFiles:
    """The files of a prepared case."""

    folder: Path

    @property
    def texts(self) -> list[str]:
        """The texts of one pass, whole."""
        found: list[str] = json.loads((self.folder / "texts.json").read_text(encoding="utf-8"))
        return found

    @property
    def case(self) -> Case:
        """What the case is."""
        return Case.load(self.folder)

    @property
    def encoder(self) -> Path:
        """The published weights as a sentence-transformers folder, truncating as the case does."""
        return self.folder / "encoder"

    @property
    def exported(self) -> Path:
        """sentence-transformers' own export: `onnx/model.onnx`, `onnx/model_quantized.onnx`."""
        return self.folder / "exported"

    @property
    def infinity(self) -> Path:
        """The exported int8 graph as Infinity's ONNX engine wants it laid out."""
        return self.folder / "infinity"

    @property
    def model(self) -> Path:
        """The product's artifact."""
        return self.folder / "model"

    @property
    def head(self) -> Path:
        """The linear head: `weight` [hidden, classes] and `bias` [classes]."""
        return self.folder / "head.npz"

    @property
    def reference(self) -> Path:
        """The texts' embeddings in fp32, [documents, hidden], of unit length."""
        return self.folder / "reference.npy"

    def outputs(self, contender: str) -> Path:
        """Where a contender writes its labels and embeddings."""
        return self.folder / f"outputs-{contender}.npz"
