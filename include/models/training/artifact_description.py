"""What an artifact says of itself: `model.json`, and the figures in `metrics.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from serving.pretrained import PACKAGE

from .cascade import CASCADE_FILE, TrainedCascade
from .encoder import Encoder
from .head import Head
from .parameters import TrainingParameters

METRICS_FILE = "metrics.json"


def describe(
    encoder: Encoder, head: Head, parameters: TrainingParameters, digest: str
) -> dict[str, Any]:
    """`model.json` without figures; `digest` is of the training data."""
    return {
        "name": parameters.model_name,
        "format": "openvino-int8",
        "labels": list(head.labels),
        "max_tokens": parameters.max_tokens,
        "max_characters": parameters.max_characters,
        "encoder": {
            "package": PACKAGE,
            "version": version(PACKAGE),
            "weights_sha256": encoder.weights_sha256,
            "method": parameters.method.value,
        },
        "data_digest": digest,
    }


def describe_cascade(cascade: TrainedCascade, parameters: TrainingParameters) -> dict[str, Any]:
    """The object `cascade` of `model.json`."""
    return {
        "file": CASCADE_FILE,
        "threshold": cascade.evidence.threshold,
        "max_tokens": parameters.cascade_max_tokens,
        "max_characters": parameters.cascade_max_characters,
        "temperature": round(cascade.temperature, 4),
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
