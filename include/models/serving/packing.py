"""Token ids as the graphs take them: padded, or packed with their places in the padded rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOTAL_STEP = 32
"""The packed total is rounded up to a multiple of it, so that a runtime sees few totals."""

Feeds = dict[str, NDArray[Any]]
Tokens = Sequence[Sequence[int]]


def pad(tokens: Tokens, length: int) -> Feeds:
    """`input_ids` and `attention_mask`, each int64 of shape [documents, length]."""
    ids = np.zeros((len(tokens), length), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, found in enumerate(tokens):
        ids[row, : len(found)] = found
        mask[row, : len(found)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def pack(tokens: Tokens, length: int) -> Feeds:
    """The documents' tokens end to end, and where each stands in rows padded to `length`.

    Args:
        tokens: the documents, each of 1 to `length` tokens.
        length: tokens of a padded row.

    Returns:
        `tokens`, `positions` (in the document) and `places` (in the rows laid end to end), int32
        of shape [1, total], where what rounds the total up is copies of token 0 at place 0;
        `slots`, int32, and `mask`, float32, of shape [documents, length]: which token stands in
        each place of the rows, and whether one does.
    """
    lengths = np.fromiter((len(found) for found in tokens), dtype=np.int32, count=len(tokens))
    kept = int(lengths.sum())
    total = -(-kept // TOTAL_STEP) * TOTAL_STEP
    ids = np.zeros(total, dtype=np.int32)
    ids[:kept] = np.concatenate([np.asarray(found, dtype=np.int32) for found in tokens])
    column = np.arange(length, dtype=np.int32)
    mask = column < lengths[:, None]
    starts = np.cumsum(lengths, dtype=np.int32) - lengths
    places = np.zeros(total, dtype=np.int32)
    places[:kept] = np.flatnonzero(mask)
    return {
        "tokens": ids[None],
        "positions": (places % length)[None],
        "places": places[None],
        "slots": np.where(mask, starts[:, None] + column, 0).astype(np.int32),
        "mask": mask.astype(np.float32),
    }
