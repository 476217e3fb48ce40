"""The classifier's weights as arrays, for an engine that does not read the quantized graph.

The head takes a few kilobytes. An encoder that was fine-tuned, or came from elsewhere, is kept in
float16 (all-MiniLM-L6-v2: 45 MB); one that was not is the package's, whose digest `model.json` has,
and is not kept again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from serving.encoder_shape import EncoderShape
from serving.pretrained import (
    ENCODER_FILE,
    HEAD_FILE,
    POOLER_ACTIVATION,
    POOLER_BIAS,
    POOLER_WEIGHT,
)

from .encoder import Encoder
from .graph_builder import FloatArray
from .head import Head
from .pretrained_classifier import PretrainedClassifier


def write_head(head: Head, target: Path) -> None:
    """Write the head into the artifact's folder."""
    _write_head(head.weight, head.bias, target)


def write_encoder(encoder: Encoder, target: Path) -> None:
    """Write a fine-tuned encoder into the artifact's folder, its sizes as metadata."""
    _write_encoder(encoder.weights, encoder.shape, {}, target)


def write_classifier(model: PretrainedClassifier, target: Path) -> None:
    """Write a classifier that was trained elsewhere; its dense layer goes with the encoder."""
    head = model.head
    _write_head(head.weight, head.bias, target)
    dense = {POOLER_WEIGHT: head.dense.T, POOLER_BIAS: head.dense_bias}
    ends = {POOLER_ACTIVATION: head.activation}
    _write_encoder({**model.weights, **dense}, model.shape, ends, target)


def _write_head(weight: FloatArray, bias: FloatArray, target: Path) -> None:
    tensors = {"weight": np.ascontiguousarray(weight.T), "bias": np.ascontiguousarray(bias)}
    save_file(tensors, target / HEAD_FILE)


def _write_encoder(
    weights: Mapping[str, NDArray[Any]], shape: EncoderShape, ends: Mapping[str, str], target: Path
) -> None:
    halved = {
        name: np.ascontiguousarray(array, dtype=np.float16)
        for name, array in weights.items()
        if np.issubdtype(array.dtype, np.floating)
    }
    sizes = {name: str(value) for name, value in asdict(shape).items()}
    save_file(halved, target / ENCODER_FILE, metadata={**sizes, **ends})
