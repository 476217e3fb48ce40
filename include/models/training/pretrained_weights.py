"""Weights of the families of BERT, brought to its names and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from serving.encoder_shape import EncoderShape

from .graph_builder import FloatArray


class PretrainedError(ValueError):
    """The folder holds no classifier that can be read; the message names the file."""


class Family(StrEnum):
    """`model_type` of the configuration."""

    BERT = "bert"
    ROBERTA = "roberta"
    DISTILBERT = "distilbert"


@dataclass(frozen=True)
class FirstTokenHead:
    """Two layers on the first token's state.

    Attributes:
        dense: shape [hidden, hidden], from state to state.
        dense_bias: shape [hidden].
        activation: of the first layer, an operator of ONNX: `Tanh` or `Relu`.
        weight: shape [hidden, classes].
        bias: shape [classes].
    """

    dense: FloatArray
    dense_bias: FloatArray
    activation: str
    weight: FloatArray
    bias: FloatArray


def _tensors(path: Path) -> dict[str, NDArray[Any]]:
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise PretrainedError(f"cannot read {path.name}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:  # a type that NumPy does not have
        raise PretrainedError(
            f"{path.name} holds numbers of a type that cannot be read ({error}): save the model "
            "in float32 or float16"
        ) from error


_DISTILBERT_NAMES = (
    (r"^transformer\.layer\.", "encoder.layer."),
    (r"\.attention\.q_lin\.", ".attention.self.query."),
    (r"\.attention\.k_lin\.", ".attention.self.key."),
    (r"\.attention\.v_lin\.", ".attention.self.value."),
    (r"\.attention\.out_lin\.", ".attention.output.dense."),
    (r"\.sa_layer_norm\.", ".attention.output.LayerNorm."),
    (r"\.ffn\.lin1\.", ".intermediate.dense."),
    (r"\.ffn\.lin2\.", ".output.dense."),
    (r"\.output_layer_norm\.", ".output.LayerNorm."),
)


def _renamed(tensors: Mapping[str, NDArray[Any]], family: Family) -> dict[str, NDArray[Any]]:
    renamed = {}
    for name, value in tensors.items():
        short = name.removeprefix(f"{family.value}.")
        # TensorFlow's names, which the oldest checkpoints of BERT have kept.
        short = re.sub(r"\.gamma$", ".weight", re.sub(r"\.beta$", ".bias", short))
        if family is Family.DISTILBERT:
            for pattern, replacement in _DISTILBERT_NAMES:
                short = re.sub(pattern, replacement, short)
        renamed[short] = value
    return renamed


@dataclass(frozen=True)
class Tensors:
    """A file's tensors by BERT's names; one that is missing or of another shape is told."""

    path: Path
    tensors: Mapping[str, NDArray[Any]]

    @classmethod
    def load(cls, path: Path, family: Family) -> Tensors:
        """Read a file of safetensors.

        Raises:
            PretrainedError: it is missing or broken, or holds numbers that NumPy does not know.
        """
        return cls(path, _renamed(_tensors(path), family))

    def get(self, name: str, *shape: int | None) -> FloatArray:
        """Return a tensor; None in its shape stands for any size."""
        value = self.tensors.get(name)
        if value is None:
            raise PretrainedError(f"{self.path.name} lacks the tensor {name}")
        fits = len(value.shape) == len(shape) and all(
            size in (None, found) for size, found in zip(shape, value.shape, strict=True)
        )
        if not fits:
            raise PretrainedError(
                f"{self.path.name}: {name} has the shape {value.shape}, {shape} is expected"
            )
        return np.asarray(value, dtype=np.float32)


def encoder_weights(
    found: Tensors, shape: EncoderShape, family: Family, config: Mapping[str, Any]
) -> tuple[dict[str, FloatArray], int]:
    """The encoder's weights, and how many tokens it can read.

    Raises:
        PretrainedError: a tensor is missing or has another shape.
    """
    hidden = shape.hidden
    weights = {
        name: found.get(name, None, hidden)
        for name in ("embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight")
    }
    segments = "embeddings.token_type_embeddings.weight"
    if family is Family.DISTILBERT:
        weights[segments] = np.zeros((1, hidden), dtype=np.float32)
    else:
        weights[segments] = found.get(segments, None, hidden)
    if family is Family.ROBERTA:
        # Its positions are counted from the padding's id on, which no token is given.
        first = int(config.get("pad_token_id", 1)) + 1
        name = "embeddings.position_embeddings.weight"
        weights[name] = weights[name][first:]
    norms, products = ["embeddings.LayerNorm"], []
    for number in range(shape.layers):
        layer = f"encoder.layer.{number}"
        products += [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        products.append(f"{layer}.attention.output.dense")
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
        wide = found.get(f"{layer}.intermediate.dense.weight", None, hidden)
        weights[f"{layer}.intermediate.dense.weight"] = wide
        bias = f"{layer}.intermediate.dense.bias"
        weights[bias] = found.get(bias, len(wide))
        narrow = f"{layer}.output.dense.weight"
        weights[narrow] = found.get(narrow, hidden, len(wide))
        weights[f"{layer}.output.dense.bias"] = found.get(f"{layer}.output.dense.bias", hidden)
    for name in products:
        weights[f"{name}.weight"] = found.get(f"{name}.weight", hidden, hidden)
        weights[f"{name}.bias"] = found.get(f"{name}.bias", hidden)
    for name in norms:
        for part in ("weight", "bias"):
            weights[f"{name}.{part}"] = found.get(f"{name}.{part}", hidden)
    return weights, len(weights["embeddings.position_embeddings.weight"])


def first_token_head(found: Tensors, family: Family, hidden: int, classes: int) -> FirstTokenHead:
    """The layers after the encoder.

    Raises:
        PretrainedError: a tensor is missing or has another shape.
    """
    dense, last, activation = {
        Family.BERT: ("pooler.dense", "classifier", "Tanh"),
        Family.ROBERTA: ("classifier.dense", "classifier.out_proj", "Tanh"),
        Family.DISTILBERT: ("pre_classifier", "classifier", "Relu"),
    }[family]
    return FirstTokenHead(
        dense=found.get(f"{dense}.weight", hidden, hidden).T,
        dense_bias=found.get(f"{dense}.bias", hidden),
        activation=activation,
        weight=found.get(f"{last}.weight", classes, hidden).T,
        bias=found.get(f"{last}.bias", classes),
    )
