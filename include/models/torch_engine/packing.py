"""Documents of unequal length, end to end, without a padding token among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

IntArray = NDArray[np.int32]


@dataclass(frozen=True)
class Packed:
    """The tokens of several documents, one document after the other, on one device.

    Attributes:
        ids: token ids, int32 of shape [tokens].
        rows: which document each token is of, from 0: int64 of shape [tokens].
        positions: each token's place in its document, from 0: int64 of shape [tokens].
        offsets: where each document begins, and the end of the last: int32 of shape
            [documents + 1].
        longest: tokens of the longest document, or more.
    """

    ids: Tensor
    rows: Tensor
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

    def to(self, device: torch.device) -> Packed:
        """The same on another device."""
        return Packed(
            self.ids.to(device),
            self.rows.to(device),
            self.positions.to(device),
            self.offsets.to(device),
            self.longest,
        )

    @classmethod
    def on_device(cls, ids: Tensor, offsets: Tensor, longest: int) -> Packed:
        """Derive the rest where `ids` and `offsets` are, without waiting for that device."""
        tokens, documents = len(ids), len(offsets) - 1
        lengths = offsets[1:] - offsets[:-1]
        row = torch.arange(documents, device=ids.device)
        rows = torch.repeat_interleave(row, lengths, output_size=tokens)
        positions = torch.arange(tokens, device=ids.device) - offsets.long()[rows]
        return cls(ids, rows, positions, offsets, longest)


def pack(tokens: Sequence[Sequence[int]]) -> Packed:
    """Pack documents on the CPU, in their order; each has at least one token."""
    flat, lengths = flatten(tokens)
    return Packed.on_device(
        torch.from_numpy(flat), torch.from_numpy(offsets_of(lengths)), int(lengths.max())
    )


def flatten(tokens: Sequence[Sequence[int]]) -> tuple[IntArray, IntArray]:
    """Token ids end to end, and the length of each document, both int32."""
    lengths = np.fromiter(map(len, tokens), dtype=np.int32, count=len(tokens))
    parts = [np.asarray(found, dtype=np.int32) for found in tokens]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32), lengths


def offsets_of(lengths: NDArray[Any]) -> IntArray:
    """Where each document begins, and the end of the last: int32 of shape [documents + 1]."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def cut(lengths: NDArray[Any], budget_tokens: int) -> list[slice]:
    """Runs of consecutive documents of at most `budget_tokens` together.

    A document longer than the budget is a run of its own.
    """
    runs: list[slice] = []
    start, total = 0, 0
    for document, length in enumerate(lengths.tolist()):
        if document > start and total + length > budget_tokens:
            runs.append(slice(start, document))
            start, total = document, 0
        total += length
    if start < len(lengths):
        runs.append(slice(start, len(lengths)))
    return runs
