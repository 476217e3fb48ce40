"""A BERT encoder on packed documents: the same function as `training/encoder_graph.py` builds.

Post-layer-normalized blocks, erf GELU, absolute positions (Devlin et al., 2018); then one vector a
document, see `pooling`. Queries, keys and values are one product, and the segment row, the same for
every token, is part of the positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from serving.encoder_shape import EncoderShape
from torch import Tensor, nn
from torch.nn.functional import dropout, gelu

from .attention import attend
from .packing import Packed
from .pooling import MeanPool

Weights = Mapping[str, NDArray[Any]]

_PARTS = ("query", "key", "value")


class Layer(nn.Module):
    """One transformer block."""

    def __init__(self, shape: EncoderShape, intermediate: int, dropout_share: float) -> None:
        super().__init__()
        hidden = shape.hidden
        self.heads = shape.heads
        self.dropout_share = dropout_share
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.projection = nn.Linear(hidden, hidden)
        self.attention_norm = nn.LayerNorm(hidden, shape.layer_norm_epsilon)
        self.widen = nn.Linear(hidden, intermediate)
        self.narrow = nn.Linear(intermediate, hidden)
        self.output_norm = nn.LayerNorm(hidden, shape.layer_norm_epsilon)

    def forward(self, state: Tensor, packed: Packed) -> Tensor:
        """One block on the tokens' states, of shape [tokens, hidden]."""
        qkv = self.qkv(state).unflatten(1, (3, self.heads, -1))
        state = self.attention_norm(state + self._dropped(self.projection(attend(qkv, packed))))
        wide = gelu(self.widen(state))
        normed: Tensor = self.output_norm(state + self._dropped(self.narrow(wide)))
        return normed

    def _dropped(self, state: Tensor) -> Tensor:
        return dropout(state, self.dropout_share, self.training)


class Encoder(nn.Module):
    """Tokens to one embedding a document.

    Args:
        shape: the encoder's sizes.
        weights: float arrays by the names of the checkpoint's safetensors file.
        dropout_share: of the hidden states, while training.
        pool: from the tokens' states to the embedding; the mean of unit length by default.
    """

    def __init__(
        self,
        shape: EncoderShape,
        weights: Weights,
        dropout_share: float = 0.0,
        pool: nn.Module | None = None,
    ) -> None:
        super().__init__()
        vocabulary, hidden = weights["embeddings.word_embeddings.weight"].shape
        longest = weights["embeddings.position_embeddings.weight"].shape[0]
        intermediate = weights["encoder.layer.0.intermediate.dense.weight"].shape[0]
        self.shape = shape
        self.dropout_share = dropout_share
        self.words = nn.Embedding(vocabulary, hidden)
        self.places = nn.Embedding(longest, hidden)
        self.norm = nn.LayerNorm(hidden, shape.layer_norm_epsilon)
        self.layers = nn.ModuleList(
            Layer(shape, intermediate, dropout_share) for _ in range(shape.layers)
        )
        self.load_state_dict(from_checkpoint(shape, weights))
        self.pool = pool or MeanPool()

    def forward(self, packed: Packed) -> Tensor:
        """Embeddings, float32 of shape [documents, hidden]."""
        state = self.words(packed.ids) + self.places(packed.positions)
        state = dropout(self.norm(state), self.dropout_share, self.training)
        for layer in self.layers:
            state = layer(state, packed)
        embedding: Tensor = self.pool(state, packed)
        return embedding

    def checkpoint(self) -> dict[str, NDArray[np.float32]]:
        """The weights by the names of the safetensors file, as `training` reads them."""
        return to_checkpoint(self.shape, self.state_dict())


class Classifier(nn.Module):
    """An encoder and one linear head.

    Args:
        encoder: the encoder.
        weight: the head's, of shape [hidden, classes], as `training.head.Head` has it.
        bias: the head's, of shape [classes].
    """

    def __init__(
        self, encoder: Encoder, weight: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(*weight.shape)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(weight.T.copy()))
            self.head.bias.copy_(torch.from_numpy(bias))

    def forward(self, packed: Packed) -> Tensor:
        """Logits, of shape [documents, classes]."""
        logits: Tensor = self.head(self.encoder(packed))
        return logits


def from_checkpoint(shape: EncoderShape, weights: Weights) -> dict[str, Tensor]:
    """The module's state from the checkpoint's names."""

    def taken(name: str) -> Tensor:
        return torch.from_numpy(np.array(weights[name], dtype=np.float32))

    segment = taken("embeddings.token_type_embeddings.weight")[0]
    state = {
        "words.weight": taken("embeddings.word_embeddings.weight"),
        "places.weight": taken("embeddings.position_embeddings.weight") + segment,
    }
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = taken(f"embeddings.LayerNorm.{kind}")
        for layer in range(shape.layers):
            parts = [taken(f"encoder.layer.{layer}.attention.self.{p}.{kind}") for p in _PARTS]
            state[f"layers.{layer}.qkv.{kind}"] = torch.cat(parts)
            for ours, theirs in _LAYER_NAMES.items():
                state[f"layers.{layer}.{ours}.{kind}"] = taken(
                    f"encoder.layer.{layer}.{theirs}.{kind}"
                )
    return state


def to_checkpoint(
    shape: EncoderShape, state: Mapping[str, Tensor]
) -> dict[str, NDArray[np.float32]]:
    """The inverse of `from_checkpoint`; the segment row, being in the positions, is zero."""

    def given(name: str) -> NDArray[np.float32]:
        return np.asarray(state[name].detach().float().cpu().numpy().copy(), dtype=np.float32)

    weights = {
        "embeddings.word_embeddings.weight": given("words.weight"),
        "embeddings.position_embeddings.weight": given("places.weight"),
        "embeddings.token_type_embeddings.weight": np.zeros((2, shape.hidden), dtype=np.float32),
    }
    for kind in ("weight", "bias"):
        weights[f"embeddings.LayerNorm.{kind}"] = given(f"norm.{kind}")
        for layer in range(shape.layers):
            fused = np.split(given(f"layers.{layer}.qkv.{kind}"), len(_PARTS))
            for part, array in zip(_PARTS, fused, strict=True):
                weights[f"encoder.layer.{layer}.attention.self.{part}.{kind}"] = array.copy()
            for ours, theirs in _LAYER_NAMES.items():
                weights[f"encoder.layer.{layer}.{theirs}.{kind}"] = given(
                    f"layers.{layer}.{ours}.{kind}"
                )
    return weights


_LAYER_NAMES = {
    "projection": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "widen": "intermediate.dense",
    "narrow": "output.dense",
    "output_norm": "output.LayerNorm",
}
"""The names of a block's modules, here and in the checkpoint."""
