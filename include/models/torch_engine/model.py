"""Classifiers that share one pass of their encoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .encoder import Encoder
from .packing import Packed
from .weights import Head


class SharedEncoder(nn.Module):
    """One encoder under the heads of one or several models.

    A head costs a thousandth of the encoder, so a second model on the same documents is nearly
    free. Heads work in float32, whatever the encoder works in.

    Args:
        encoder: the encoder.
        heads: one a model.
    """

    def __init__(self, encoder: Encoder, heads: Sequence[Head]) -> None:
        super().__init__()
        self.encoder = encoder
        self.classes = [len(head.bias) for head in heads]
        self.register_buffer("weight", torch.cat([torch.from_numpy(h.weight) for h in heads]))
        self.register_buffer("bias", torch.cat([torch.from_numpy(h.bias) for h in heads]))

    def forward(self, packed: Packed) -> tuple[Tensor, Tensor]:
        """Answers of every model.

        Returns:
            The best label's index, int32, and its probability, float32; both of shape
            [documents, models].
        """
        embedding = self.encoder(packed).float()
        logits = torch.addmm(self.bias.float(), embedding, self.weight.float().T)
        best = [part.softmax(1).max(1) for part in logits.split(self.classes, dim=1)]
        labels = torch.stack([found.indices for found in best], dim=1)
        return labels.int(), torch.stack([found.values for found in best], dim=1)
