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

    def forward(self, packed: Packed) -> Tensor:
        """Class probabilities by every model, the models' side by side in the order of the heads.

        Returns:
            float32 of shape [documents, sum of `classes`].
        """
        embedding = self.encoder(packed).float()
        logits = torch.addmm(self.bias.float(), embedding, self.weight.float().T)
        return torch.cat([part.softmax(1) for part in logits.split(self.classes, dim=1)], dim=1)
