"""Documents of unequal length, end to end, without a padding token among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Packed:
    """The tokens of several documents, one document after the other.

    Attributes:
        ids: token ids, int64 or int32 of shape [tokens].
        positions: each token's place in its document, from 0, of shape [tokens].
        offsets: where each document begins, and the end of the last: int32 of shape
            [documents + 1].
        longest: tokens of the longest document, or more.
    """

    ids: Tensor
    positions: Tensor
    offsets: Tensor
    longest: int

    @property
    def documents(self) -> int:
        """How many documents it holds."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Tensor:
        """Tokens of each document, int32 of shape [documents]."""
        return self.offsets[1:] - self.offsets[:-1]

    def to(self, device: torch.device, *, non_blocking: bool = False) -> Packed:
        """The same on another device."""
        return Packed(
            self.ids.to(device, non_blocking=non_blocking),
            self.positions.to(device, non_blocking=non_blocking),
            self.offsets.to(device, non_blocking=non_blocking),
            self.longest,
        )


def pack(tokens: Sequence[Sequence[int]]) -> Packed:
    """Pack documents on the CPU, in their order; each has at least one token."""
    lengths = np.fromiter(map(len, tokens), dtype=np.int32, count=len(tokens))
    flat = np.concatenate([np.asarray(found, dtype=np.int32) for found in tokens])
    return pack_flat(flat, lengths)


def pack_flat(flat: np.ndarray, lengths: np.ndarray) -> Packed:
    """Pack tokens that are end to end already.

    Args:
        flat: token ids, int32 of shape [tokens].
        lengths: tokens of each document, int32 of shape [documents], each at least 1.
    """
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    positions = np.arange(len(flat), dtype=np.int32) - np.repeat(offsets[:-1], lengths)
    return Packed(
        torch.from_numpy(flat),
        torch.from_numpy(positions),
        torch.from_numpy(offsets),
        int(lengths.max()),
    )
