"""An artifact's encoder and head, read into arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file
from serving.artifact import MODEL_FILE, ArtifactError
from serving.encoder_shape import EncoderShape
from serving.pretrained import (
    ENCODER_FILE,
    HEAD_FILE,
    POOLER_ACTIVATION,
    POOLER_WEIGHT,
    weights_folder,
)

from .pooling import ACTIVATIONS


@dataclass(frozen=True)
class EncoderFiles:
    """An encoder's weights.

    Attributes:
        shape: its sizes.
        weights: arrays by the names of the checkpoint.
        sha256: of the file; models with the same one can share a pass.
        pooler_activation: of the dense layer on the first token, which stands beside the
            encoder's arrays; None where the head reads the tokens' mean.
    """

    shape: EncoderShape
    weights: dict[str, NDArray[Any]]
    sha256: str
    pooler_activation: str | None = None


@dataclass(frozen=True)
class Head:
    """A linear head: `weight` of shape [classes, hidden], `bias` of shape [classes]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


def read_heads(folder: Path, classes: Sequence[int]) -> list[Head]:
    """Read the heads of the artifact in `folder`.

    Args:
        folder: the artifact's.
        classes: of each head, in the order of their rows in the file.

    Raises:
        ArtifactError: the artifact has none, or of other classes.
    """
    path = folder / HEAD_FILE
    tensors = _load(path)
    if set(tensors) != {"weight", "bias"} or len(tensors["bias"]) != sum(classes):
        raise ArtifactError(f"{path} has no heads of {list(classes)} classes")
    weight, bias = (tensors[name].astype(np.float32) for name in ("weight", "bias"))
    ends = np.cumsum(classes)[:-1]
    return [
        Head(*parts) for parts in zip(np.split(weight, ends), np.split(bias, ends), strict=True)
    ]


def encoder_sha256(folder: Path) -> str:
    """The digest of the encoder that the artifact in `folder` runs on.

    Raises:
        ArtifactError: it cannot be told.
    """
    own = folder / ENCODER_FILE
    if own.exists():
        return _sha256(own)
    try:
        model = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))
        return str(model["encoder"]["weights_sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{folder}: {MODEL_FILE} does not tell its encoder") from error


def read_encoder(folder: Path) -> EncoderFiles:
    """Read the artifact's own encoder, or where it has none the pretrained package's.

    Raises:
        ArtifactError: a file is missing, or the package has other weights than those that the
            artifact's head was fitted on.
    """
    own = folder / ENCODER_FILE
    if own.exists():
        told, weights = _metadata(own), _load(own)
        activation = told.get(POOLER_ACTIVATION)
        if activation and not (activation in ACTIVATIONS and POOLER_WEIGHT in weights):
            raise ArtifactError(f"{own}: no layer on the first token that ends with {activation}")
        return EncoderFiles(_shape_of(own, told), weights, _sha256(own), activation)
    package = weights_folder()
    found = _sha256(package / "model.safetensors")
    if (wanted := encoder_sha256(folder)) != found:
        raise ArtifactError(f"{folder}: fitted on encoder {wanted}, the package has {found}")
    config = json.loads((package / "config.json").read_text(encoding="utf-8"))
    weights = _load(package / "model.safetensors")
    return EncoderFiles(EncoderShape.from_config(config), weights, found)


def _metadata(path: Path) -> Mapping[str, str]:
    try:
        with safe_open(path, "numpy") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"cannot read {path}: {error}") from error


def _shape_of(path: Path, sizes: Mapping[str, str]) -> EncoderShape:
    try:
        return EncoderShape(
            int(sizes["layers"]),
            int(sizes["hidden"]),
            int(sizes["heads"]),
            float(sizes["layer_norm_epsilon"]),
        )
    except (KeyError, ValueError) as error:
        raise ArtifactError(f"{path}: no sizes in its metadata: {error}") from error


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"cannot read {path}: {error}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
