"""A labelled file in two: what a model may be trained on, and what it is then asked about.

The parts are by the hash of each document's id. The documents asked about are not those of the
lowest hashes: the cheap model's features and settings were chosen on those.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.models.training.documents import (
    LabelledDocument,
    hash_bucket,
    read_documents,
    split_documents,
)

ASKED = range(20, 40)
"""Percent of the hash."""


class UnknownTrainingDataError(ValueError):
    """It cannot be told which of the file's documents a model has not seen."""


@dataclass(frozen=True)
class Corpus:
    """A labelled file.

    Attributes:
        training: lines to train on, as bytes of a JSON Lines file.
        asked: the other documents.
        documents: all of them.
        digest: SHA-256 of the file, hex.
    """

    training: bytes
    asked: list[LabelledDocument]
    documents: list[LabelledDocument]
    digest: str

    @classmethod
    def read(cls, file: Path) -> Corpus:
        """Read a file of `{"id", "text", "label", "title"?}` lines.

        Raises:
            TrainingDataError: a line is not such an object.
        """
        documents = read_documents([file])
        text = file.read_text(encoding="utf-8")
        lines = [line for line in text.split("\n") if line.strip()]
        kept = [
            line
            for line, document in zip(lines, documents, strict=True)
            if hash_bucket(document.id) not in ASKED
        ]
        return cls(
            training=("\n".join(kept) + "\n").encode(),
            asked=[d for d in documents if hash_bucket(d.id) in ASKED],
            documents=documents,
            digest=hashlib.sha256(file.read_bytes()).hexdigest(),
        )

    def unseen_by(self, model: Path) -> list[LabelledDocument]:
        """The documents that an artifact's training did not fit on.

        Raises:
            UnknownTrainingDataError: it was trained on something else than this file, or than its
                part for training.
        """
        digest = read_json(model / "model.json")["data_digest"]
        if digest == hashlib.sha256(self.training).hexdigest():
            return self.asked
        if digest == self.digest:
            percent = read_json(model / "metrics.json")["parameters"]["held_out_percent"]
            return split_documents(self.documents, percent).held_out
        raise UnknownTrainingDataError(f"{model} was not trained on this file")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a file holds."""
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value
