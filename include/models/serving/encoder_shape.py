"""The sizes of a BERT encoder, which its weights alone do not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EncoderShape:
    """The sizes of a BERT encoder, as in its `config.json`."""

    layers: int
    hidden: int
    heads: int
    layer_norm_epsilon: float

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> EncoderShape:
        """Read the sizes from the encoder's `config.json`."""
        return cls(
            layers=int(config["num_hidden_layers"]),
            hidden=int(config["hidden_size"]),
            heads=int(config["num_attention_heads"]),
            layer_norm_epsilon=float(config["layer_norm_eps"]),
        )
