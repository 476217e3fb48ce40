"""The model artifact: the folder that `model.tar.gz` unpacks to."""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODEL_FILE = "model.json"
VERSION_FILE = "version.json"
OPENVINO_FORMAT = "openvino-int8"
LINEAR_FORMAT = "linear"


class ArtifactError(Exception):
    """The artifact is missing, unreadable or not of a known format."""


@dataclass(frozen=True)
class PoolWeights:
    """Exponents of the two stages' probabilities where both are asked; 1 and 0: the encoder's."""

    encoder: float = 1.0
    cheap: float = 0.0


@dataclass(frozen=True)
class CascadeRule:
    """The cheap stage before the encoder, written by training where the evidence allows it.

    Attributes:
        file: the cheap model's, in the artifact.
        threshold: from this probability of its label on, 0 to 1, the cheap model answers.
        max_tokens: what it reads of a document, special tokens included.
        max_characters: texts are cut to so many characters before tokenizing.
        pool: how the stages are weighed where the encoder is asked.
    """

    file: str
    threshold: float
    max_tokens: int
    max_characters: int
    pool: PoolWeights = PoolWeights()


@dataclass(frozen=True)
class HeadRule:
    """A further head on the encoder, beside the first: its name, and its classes in order."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Artifact:
    """What `model.json` says, and `version.json` where the registry published the artifact.

    Attributes:
        name: the registered model's name.
        version: the registry's version, "0" before registration.
        format: names the backend: `openvino-int8`, `linear` or `hash`.
        labels: the classes, in the order of the model's output.
        max_tokens: the model reads so many tokens of a document, special tokens included.
        max_characters: texts are cut to so many characters before tokenizing.
        cascade: the stage before the encoder, None where it has none.
        agreement: share of the held-out documents, 0 to 1, that the int8 graph labels as the fp32
            graph does; None where training did not say.
        heads: of a bundle, those after the first, in the order of the model's output.
    """

    name: str
    version: str
    format: str
    labels: tuple[str, ...]
    max_tokens: int
    max_characters: int
    cascade: CascadeRule | None = None
    agreement: float | None = None
    heads: tuple[HeadRule, ...] = ()

    @property
    def classes(self) -> tuple[int, ...]:
        """Classes of each head; their probabilities stand side by side in the model's output."""
        return (len(self.labels), *(len(head.labels) for head in self.heads))

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def tokenized_tokens(self) -> int:
        """Tokens that any stage reads of a document."""
        return max(self.max_tokens, self.cascade.max_tokens if self.cascade else 0)

    @property
    def tokenized_characters(self) -> int:
        """Characters that any stage reads of a document."""
        return max(self.max_characters, self.cascade.max_characters if self.cascade else 0)


def load_artifact(folder: Path) -> Artifact:
    """Read the artifact's description.

    Raises:
        ArtifactError: a file is missing or a field is.
    """
    model = _read_json(folder / MODEL_FILE)
    version_file = folder / VERSION_FILE
    version = _read_json(version_file) if version_file.exists() else {"version": "0"}
    if model.get("heads") and model.get("cascade"):
        raise ArtifactError(f"{folder}: {MODEL_FILE} has several heads and a cascade")
    try:
        return Artifact(
            name=str(model["name"]),
            version=str(version["version"]),
            format=str(model["format"]),
            labels=tuple(str(label) for label in model["labels"]),
            max_tokens=int(model["max_tokens"]),
            max_characters=int(model["max_characters"]),
            cascade=_cascade(model.get("cascade")),
            agreement=model.get("metrics", {}).get("agreement"),
            heads=tuple(_head(head) for head in model.get("heads", ())),
        )
    except KeyError as error:
        raise ArtifactError(f"{folder}: {MODEL_FILE} lacks {error}") from error


def _head(rule: Mapping[str, Any]) -> HeadRule:
    return HeadRule(str(rule["name"]), tuple(str(label) for label in rule["labels"]))


def _cascade(rule: Mapping[str, Any] | None) -> CascadeRule | None:
    if rule is None:
        return None
    return CascadeRule(
        file=str(rule["file"]),
        threshold=float(rule["threshold"]),
        max_tokens=int(rule["max_tokens"]),
        max_characters=int(rule["max_characters"]),
        # Cascades trained before there was a pool leave the rest to the encoder alone.
        pool=PoolWeights(**{k: float(v) for k, v in rule.get("pool", {}).items()}),
    )


def unpack(archive: Path, folder: Path) -> None:
    """Unpack `model.tar.gz`, refusing entries that would land outside `folder`.

    Raises:
        ArtifactError: no such file, not a gzip tar, or an unsafe entry.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise ArtifactError(f"cannot unpack {archive}: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise ArtifactError(f"{path} is not a JSON object")
    return value
