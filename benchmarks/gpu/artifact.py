"""An artifact to measure: the given encoder under a head of random weights.

The head's arithmetic is a thousandth of the encoder's, and its labels are not looked at.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from serving.encoder_shape import EncoderShape
from serving.pretrained import ENCODER_FILE, HEAD_FILE

CLASSES = 4


def make(encoder: Path, max_tokens: int, target: Path) -> Path:
    """Make the artifact from a folder of `model.safetensors`, `config.json`, `tokenizer.json`.

    Args:
        encoder: the folder.
        max_tokens: documents are truncated to so many tokens.
        target: the artifact's folder, new.
    """
    target.mkdir(parents=True)
    config = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    shape = EncoderShape.from_config(config)
    sizes = {name: str(getattr(shape, name)) for name in shape.__dataclass_fields__}
    weights = load_file(encoder / "model.safetensors")
    save_file(weights, target / ENCODER_FILE, metadata=sizes)
    rng = np.random.default_rng(0)
    head = {
        "weight": rng.normal(size=(CLASSES, shape.hidden)).astype(np.float32),
        "bias": np.zeros(CLASSES, dtype=np.float32),
    }
    save_file(head, target / HEAD_FILE)
    shutil.copyfile(encoder / "tokenizer.json", target / "tokenizer.json")
    description = {
        "name": "measured",
        "format": "openvino-int8",
        "labels": [f"class {number}" for number in range(CLASSES)],
        "max_tokens": max_tokens,
        "max_characters": 10 * max_tokens,
    }
    (target / "model.json").write_text(json.dumps(description), encoding="utf-8")
    return target
