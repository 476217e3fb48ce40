"""A tiny classifier with random weights, in the files Hugging Face's `save_pretrained` writes.

`answers` computes what it says in NumPy alone, from the published descriptions of the models: BERT
(Devlin et al., 2018), RoBERTa (Liu et al., 2019), DistilBERT (Sanh et al., 2019).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HIDDEN, WIDE, HEADS, LAYERS, POSITIONS = 32, 64, 4, 2, 40
WORDS = [f"w{k}" for k in range(50)]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
LABELS = ("calm", "angry", "other")

Array = NDArray[np.float32]


@dataclass
class TinyClassifier:
    """One model of a family: its tensors under the family's own names, and its configuration."""

    family: str
    seed: int = 0
    tensors: dict[str, Array] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self.config = {
            "model_type": self.family,
            "id2label": {str(k): label for k, label in enumerate(LABELS)},
            "max_position_embeddings": POSITIONS + 2 * (self.family == "roberta"),
            **_sizes(self.family),
        }
        self._add_embeddings()
        for number in range(LAYERS):
            self._add_layer(number)
        self._add_head()

    def write(self, folder: Path) -> Path:
        """Write the three files."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(self.config))
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
        write_safetensors(folder / "model.safetensors", self.tensors)
        return folder

    def answers(self, texts: Sequence[str]) -> list[Array]:
        """Each text's probabilities."""
        return [self._answer(text) for text in texts]

    def _draw(self, name: str, *shape: int, scale: float = 0.3) -> None:
        self.tensors[name] = (self._random.standard_normal(shape) * scale).astype(np.float32)

    def _dense(self, name: str, inputs: int, outputs: int) -> None:
        self._draw(f"{name}.weight", outputs, inputs)
        self._draw(f"{name}.bias", outputs)

    def _norm(self, name: str) -> None:
        self._draw(f"{name}.weight", HIDDEN)
        self.tensors[f"{name}.weight"] += 1
        self._draw(f"{name}.bias", HIDDEN)

    def _add_embeddings(self) -> None:
        prefix = f"{self.family}.embeddings"
        rows = POSITIONS + 2 if self.family == "roberta" else POSITIONS
        self._draw(f"{prefix}.word_embeddings.weight", len(SPECIAL) + len(WORDS), HIDDEN, scale=1)
        self._draw(f"{prefix}.position_embeddings.weight", rows, HIDDEN)
        if self.family != "distilbert":
            self._draw(f"{prefix}.token_type_embeddings.weight", 2, HIDDEN)
        self._norm(f"{prefix}.LayerNorm")

    def _names(self, number: int) -> dict[str, str]:
        """Our names of a layer's parts to the family's."""
        if self.family == "distilbert":
            prefix = f"distilbert.transformer.layer.{number}."
            parts = ("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin")
            parts += ("sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm")
        else:
            prefix = f"{self.family}.encoder.layer.{number}."
            parts = tuple(f"attention.self.{part}" for part in ("query", "key", "value"))
            parts += ("attention.output.dense", "attention.output.LayerNorm")
            parts += ("intermediate.dense", "output.dense", "output.LayerNorm")
        ours = ("query", "key", "value", "attended", "norm", "wide", "narrow", "last")
        return {name: prefix + part for name, part in zip(ours, parts, strict=True)}

    def _add_layer(self, number: int) -> None:
        names = self._names(number)
        for part in ("query", "key", "value", "attended"):
            self._dense(names[part], HIDDEN, HIDDEN)
        self._dense(names["wide"], HIDDEN, WIDE)
        self._dense(names["narrow"], WIDE, HIDDEN)
        self._norm(names["norm"])
        self._norm(names["last"])

    @property
    def _head(self) -> tuple[str, str]:
        return {
            "bert": ("bert.pooler.dense", "classifier"),
            "roberta": ("classifier.dense", "classifier.out_proj"),
            "distilbert": ("pre_classifier", "classifier"),
        }[self.family]

    def _add_head(self) -> None:
        dense, last = self._head
        self._dense(dense, HIDDEN, HIDDEN)
        self._dense(last, HIDDEN, len(LABELS))

    def _apply(self, name: str, state: Array) -> Array:
        return state @ self.tensors[f"{name}.weight"].T + self.tensors[f"{name}.bias"]

    def _normalized(self, name: str, state: Array) -> Array:
        centred = state - state.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def _answer(self, text: str) -> Array:
        ids = token_ids(text)
        prefix = f"{self.family}.embeddings"
        first = 2 if self.family == "roberta" else 0
        table = self.tensors[f"{prefix}.position_embeddings.weight"]
        state = self.tensors[f"{prefix}.word_embeddings.weight"][ids]
        state = state + table[first : first + len(ids)]
        segments = self.tensors.get(f"{prefix}.token_type_embeddings.weight")
        if segments is not None:
            state = state + segments[0]
        state = self._normalized(f"{prefix}.LayerNorm", state)
        for number in range(LAYERS):
            state = self._layer(self._names(number), state)
        dense, last = self._head
        inner = self._apply(dense, state[0])
        inner = np.maximum(inner, 0) if self.family == "distilbert" else np.tanh(inner)
        return _softmax(self._apply(last, inner))

    def _layer(self, names: Mapping[str, str], state: Array) -> Array:
        width = HIDDEN // HEADS
        parts = [self._apply(names[part], state) for part in ("query", "key", "value")]
        mixed = []
        for head in range(HEADS):
            query, key, value = (part[:, head * width : (head + 1) * width] for part in parts)
            mixed.append(_softmax(query @ key.T / math.sqrt(width)) @ value)
        attended = self._apply(names["attended"], np.concatenate(mixed, axis=1))
        state = self._normalized(names["norm"], attended + state)
        wide = self._apply(names["wide"], state)
        active = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        return self._normalized(names["last"], self._apply(names["narrow"], active) + state)


def token_ids(text: str) -> list[int]:
    """The tokens of a text of `WORDS`, special ones included."""
    inner = [len(SPECIAL) + WORDS.index(word) for word in text.split()]
    return [SPECIAL.index("[CLS]"), *inner, SPECIAL.index("[SEP]")]


def tokenizer() -> dict[str, object]:
    """`tokenizer.json` of a model that knows whole words."""
    vocabulary = {token: k for k, token in enumerate([*SPECIAL, *WORDS])}
    around = [{"SpecialToken": {"id": name, "type_id": 0}} for name in ("[CLS]", "[SEP]")]
    return {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [around[0], {"Sequence": {"id": "A", "type_id": 0}}, around[1]],
            "pair": [],
            "special_tokens": {
                name: {"id": name, "ids": [SPECIAL.index(name)], "tokens": [name]}
                for name in ("[CLS]", "[SEP]")
            },
        },
    }


def write_safetensors(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write float32 tensors: the length of a JSON header, the header, the numbers."""
    header, at = {}, 0
    for name, value in tensors.items():
        end = at + value.nbytes
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, end]}
        at = end
    head = json.dumps(header).encode()
    body = b"".join(np.ascontiguousarray(value).tobytes() for value in tensors.values())
    path.write_bytes(len(head).to_bytes(8, "little") + head + body)


def texts(count: int, seed: int = 1) -> list[str]:
    """Texts of 1 to 30 words."""
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 30))) for _ in range(count)]


def _sizes(family: str) -> dict[str, object]:
    if family == "distilbert":
        return {"dim": HIDDEN, "n_layers": LAYERS, "n_heads": HEADS, "activation": "gelu"}
    return {
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": 1 if family == "roberta" else 0,
    }


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
