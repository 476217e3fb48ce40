"""What an artifact says of itself: `model.json`, and the figures in `metrics.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from serving.artifact import OPENVINO_FORMAT
from serving.pretrained import PACKAGE

from .cascade import CASCADE_FILE, TrainedCascade
from .encoder import Encoder
from .head import Head
from .parameters import TrainingParameters

METRICS_FILE = "metrics.json"

SIGNATURE = {
    "inputs": {"id": "string", "text": "string"},
    "outputs": {"id": "string", "label": "string", "score": "double"},
}
"""What goes in and what comes out, `contract/README.md`."""


def describe(
    encoder: Encoder, head: Head, parameters: TrainingParameters, digest: str
) -> dict[str, Any]:
    """`model.json` of an encoder and its head; see `describe_model`."""
    return describe_model(OPENVINO_FORMAT, head.labels, parameters, digest) | {
        "encoder": {
            "package": PACKAGE,
            "version": version(PACKAGE),
            "weights_sha256": encoder.weights_sha256,
            "method": parameters.method.value,
        },
    }


def describe_model(
    format_: str, labels: Sequence[str], parameters: TrainingParameters, digest: str
) -> dict[str, Any]:
    """`model.json` without figures.

    Args:
        format_: names the backend.
        labels: in the order of the model's output.
        parameters: of the training.
        digest: of the training data.
    """
    return {
        "name": parameters.model_name,
        "format": format_,
        "labels": list(labels),
        "max_tokens": parameters.max_tokens,
        "max_characters": parameters.max_characters,
        "data_digest": digest,
        "signature": SIGNATURE,
    }


def describe_cascade(cascade: TrainedCascade, parameters: TrainingParameters) -> dict[str, Any]:
    """The object `cascade` of `model.json`."""
    return {
        "file": CASCADE_FILE,
        "threshold": cascade.evidence.threshold,
        "max_tokens": parameters.cascade_max_tokens,
        "max_characters": parameters.cascade_max_characters,
        "temperature": round(cascade.temperature, 4),
        "pool": asdict(cascade.pool),
        "evidence": asdict(cascade.evidence) | {"folds": parameters.cascade_folds},
    }


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write an object, the same one always as the same bytes."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote."""
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value
