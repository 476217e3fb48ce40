"""A classifier as Hugging Face's `save_pretrained` leaves it, brought to the names of BERT.

Three families are read: BERT, RoBERTa and DistilBERT. They are the same post-normalized encoder
under different names, with a dense layer on the first token before the last one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.encoder_shape import EncoderShape
from tokenizers import Tokenizer

from .graph_builder import FloatArray
from .pretrained_weights import (
    Family,
    FirstTokenHead,
    PretrainedError,
    Tensors,
    encoder_weights,
    first_token_head,
)

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class PretrainedClassifier:
    """What a folder holds.

    Attributes:
        labels: in the order of the output.
        shape: of the encoder.
        weights: the encoder's, float32, under BERT's names.
        head: what comes after it.
        max_tokens: as many as there are positions.
        tokenizer_file: its own.
        weights_sha256: of the file of weights, hex.
    """

    labels: tuple[str, ...]
    shape: EncoderShape
    weights: Mapping[str, FloatArray]
    head: FirstTokenHead
    max_tokens: int
    tokenizer_file: Path
    weights_sha256: str

    @classmethod
    def load(cls, folder: Path) -> PretrainedClassifier:
        """Read a folder with `config.json`, `tokenizer.json` and `model.safetensors`.

        Raises:
            PretrainedError: a file is missing, broken, or of a model that is not supported.
        """
        config = _config(folder / CONFIG_FILE)
        family = _family(config, folder / CONFIG_FILE)
        labels = _labels(config, folder / CONFIG_FILE)
        shape = _shape(config, family, folder / CONFIG_FILE)
        path = folder / WEIGHTS_FILE
        found = Tensors.load(path, family)
        weights, max_tokens = encoder_weights(found, shape, family, config)
        _check_tokenizer(folder / TOKENIZER_FILE, len(weights["embeddings.word_embeddings.weight"]))
        return cls(
            labels=labels,
            shape=shape,
            weights=weights,
            head=first_token_head(found, family, shape.hidden, len(labels)),
            max_tokens=max_tokens,
            tokenizer_file=folder / TOKENIZER_FILE,
            weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )


def _config(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PretrainedError(f"cannot read {path.name}: {error}") from error
    if not isinstance(value, dict):
        raise PretrainedError(f"{path.name} is no JSON object")
    return value


def _family(config: Mapping[str, Any], path: Path) -> Family:
    try:
        family = Family(config.get("model_type", ""))
    except ValueError as error:
        known = ", ".join(Family)
        raise PretrainedError(f"{path.name}: model_type {error}; supported: {known}") from error
    for field, wanted in (
        ("hidden_act", "gelu"),
        ("activation", "gelu"),
        ("position_embedding_type", "absolute"),
        ("problem_type", "single_label_classification"),
    ):
        if (said := config.get(field)) not in (None, wanted):
            raise PretrainedError(f"{path.name}: {field} {said!r} is not supported, {wanted!r} is")
    return family


def _labels(config: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    names = config.get("id2label")
    if not isinstance(names, dict) or set(names) != {str(k) for k in range(len(names))}:
        raise PretrainedError(f"{path.name}: id2label does not name the classes from 0 on")
    labels = tuple(str(names[str(k)]) for k in range(len(names)))
    if len(set(labels)) != len(labels) or len(labels) < 2:
        raise PretrainedError(f"{path.name}: id2label needs two or more different labels")
    return labels


def _shape(config: Mapping[str, Any], family: Family, path: Path) -> EncoderShape:
    try:
        if family is Family.DISTILBERT:
            layers, hidden, heads = (int(config[k]) for k in ("n_layers", "dim", "n_heads"))
            return EncoderShape(layers, hidden, heads, layer_norm_epsilon=1e-12)
        return EncoderShape.from_config(config)
    except (KeyError, TypeError, ValueError) as error:
        raise PretrainedError(f"{path.name}: the encoder's sizes: {error!r}") from error


def _check_tokenizer(path: Path, vocabulary: int) -> None:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the tokenizer raises bare exceptions
        raise PretrainedError(f"cannot read {path.name}: {error}") from error
    if (size := tokenizer.get_vocab_size()) > vocabulary:
        raise PretrainedError(
            f"{path.name} knows {size} tokens, {WEIGHTS_FILE} has vectors for {vocabulary}: "
            "they belong to different models"
        )
