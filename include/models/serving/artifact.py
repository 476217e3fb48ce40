"""The model artifact: the folder that `model.tar.gz` unpacks to."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODEL_FILE = "model.json"
VERSION_FILE = "version.json"


class ArtifactError(Exception):
    """The artifact is missing, unreadable or not of a known format."""


@dataclass(frozen=True)
class Artifact:
    """What `model.json` says, and `version.json` where the registry published the artifact.

    Attributes:
        name: the registered model's name.
        version: the registry's version, "0" before registration.
        format: names the backend: `openvino-int8` or `hash`.
        labels: the classes, in the order of the model's output.
        max_tokens: documents are truncated to so many tokens, special tokens included.
        max_characters: texts are cut to so many characters before tokenizing.
    """

    name: str
    version: str
    format: str
    labels: tuple[str, ...]
    max_tokens: int
    max_characters: int

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


def load_artifact(folder: Path) -> Artifact:
    """Read the artifact's description.

    Raises:
        ArtifactError: a file is missing or a field is.
    """
    model = _read_json(folder / MODEL_FILE)
    version_file = folder / VERSION_FILE
    version = _read_json(version_file) if version_file.exists() else {"version": "0"}
    try:
        return Artifact(
            name=str(model["name"]),
            version=str(version["version"]),
            format=str(model["format"]),
            labels=tuple(str(label) for label in model["labels"]),
            max_tokens=int(model["max_tokens"]),
            max_characters=int(model["max_characters"]),
        )
    except KeyError as error:
        raise ArtifactError(f"{folder}: {MODEL_FILE} lacks {error}") from error


def unpack(archive: Path, folder: Path) -> None:
    """Unpack `model.tar.gz`, refusing entries that would land outside `folder`.

    Raises:
        ArtifactError: no such file, not a gzip tar, or an unsafe entry.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ArtifactError(f"cannot unpack {archive}: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise ArtifactError(f"{path} is not a JSON object")
    return value
