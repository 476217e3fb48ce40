"""The classifier's weights as arrays, for an engine that does not read the quantized graph.

The head takes a few kilobytes. An encoder that was fine-tuned takes 45 MB in float16; one that was
not is the package's, whose digest `model.json` has, and is not kept again.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from serving.pretrained import ENCODER_FILE, HEAD_FILE

from .encoder import Encoder
from .head import Head


def write_head(head: Head, target: Path) -> None:
    """Write the head into the artifact's folder."""
    weight = np.ascontiguousarray(head.weight.T)
    save_file({"weight": weight, "bias": head.bias}, target / HEAD_FILE)


def write_encoder(encoder: Encoder, target: Path) -> None:
    """Write a fine-tuned encoder into the artifact's folder, its sizes as metadata."""
    halved = {
        name: np.ascontiguousarray(array, dtype=np.float16)
        for name, array in encoder.weights.items()
        if np.issubdtype(array.dtype, np.floating)
    }
    sizes = {name: str(value) for name, value in asdict(encoder.shape).items()}
    save_file(halved, target / ENCODER_FILE, metadata=sizes)
