"""The models that a bundle is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load_file
from serving.artifact import MODEL_FILE
from serving.pretrained import HEAD_FILE

from .artifact_description import read_json
from .documents import Split, read_documents, split_documents
from .encoder import Encoder
from .graph_builder import FloatArray
from .parameters import TrainingParameters

DOCUMENTS_FILE = "documents.jsonl"


class BundleError(ValueError):
    """The models cannot share a pass, or do not answer in it as they should."""


@dataclass(frozen=True)
class Member:
    """One model of a bundle.

    Attributes:
        name: registered name.
        version: the registry's.
        labels: in the order of its head's columns.
        weight: shape [hidden, classes].
        bias: shape [classes].
        split: its documents, as they were split for its training.
    """

    name: str
    version: str
    labels: tuple[str, ...]
    weight: FloatArray
    bias: FloatArray
    split: Split


def read_member(
    folder: Path, part: Mapping[str, Any], encoder: Encoder, parameters: TrainingParameters
) -> Member:
    """Read a model's folder.

    Args:
        folder: its own.
        part: its name and version.
        encoder: the pretrained one.
        parameters: of the bundle.

    Raises:
        BundleError: it is of another encoder, has another tokenizer or reads another length.
    """
    label = f"{part['name']}@{part['version']}"
    model = read_json(folder / MODEL_FILE)
    made = model.get("encoder", {})
    if made.get("method") != "frozen" or made.get("weights_sha256") != encoder.weights_sha256:
        raise BundleError(f"{label} is not a head on the pretrained encoder")
    if (folder / "tokenizer.json").read_bytes() != encoder.tokenizer_file.read_bytes():
        raise BundleError(f"{label} has another tokenizer")
    for name in ("max_tokens", "max_characters"):
        if model[name] != getattr(parameters, name):
            raise BundleError(
                f"{label} has {name} {model[name]}, the bundle {getattr(parameters, name)}"
            )
    try:
        head = load_file(folder / HEAD_FILE)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{label}: cannot read its {HEAD_FILE}: {error}") from error
    documents = read_documents([folder / DOCUMENTS_FILE])
    return Member(
        name=str(part["name"]),
        version=str(part["version"]),
        labels=tuple(model["labels"]),
        weight=head["weight"].T,
        bias=head["bias"],
        split=split_documents(documents, parameters.held_out_percent, parameters.split_seed).cut(
            parameters.max_characters
        ),
    )
