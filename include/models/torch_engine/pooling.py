"""How a document's tokens become one vector, on packed documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from serving.pretrained import POOLER_BIAS, POOLER_WEIGHT
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from .packing import Packed

ACTIVATIONS = {"Tanh": torch.tanh, "Relu": torch.relu}
"""By their names in ONNX."""


class MeanPool(nn.Module):
    """Mean over each document's tokens, then unit length, as all-MiniLM-L6-v2 ends."""

    def forward(self, state: Tensor, packed: Packed) -> Tensor:
        """From the tokens' states to float32 of shape [documents, hidden]."""
        mean = torch.segment_reduce(
            state.float(), "mean", offsets=packed.offsets.long(), axis=0, unsafe=True
        )
        return normalize(mean, dim=1)


class FirstTokenPool(nn.Module):
    """A dense layer on each document's first token, as the classifiers of BERT's families end.

    Args:
        weights: hold the layer beside the encoder's own.
        activation: one of `ACTIVATIONS`.
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]], activation: str) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        weight, bias = (
            torch.from_numpy(weights[name]).float() for name in (POOLER_WEIGHT, POOLER_BIAS)
        )
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)

    def forward(self, state: Tensor, packed: Packed) -> Tensor:
        """From the tokens' states to float32 of shape [documents, hidden]."""
        first = state[packed.offsets[:-1].long()].float()
        active: Tensor = self.activation(linear(first, self.weight.float(), self.bias.float()))
        return active
