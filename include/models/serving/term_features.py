"""From token ids to term counts: single tokens, and hashed pairs of neighbours. Pure.

The terms are of the very tokens that the encoder reads, so that text is split once. Each
document's terms depend on its own tokens alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

_FIRST_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SECOND_FACTOR = np.uint64(0xC2B2AE3D27D4EB4F)
"""Odd 64-bit constants (of the golden ratio, and xxHash's second prime): multiplicative hashing."""


@dataclass(frozen=True, slots=True)
class TermSpace:
    """The numbers that terms have: tokens first, then the buckets of pairs.

    Attributes:
        vocabulary: token ids are below it.
        pair_bits: pairs of neighbours fall into 2 ** `pair_bits` buckets.
    """

    vocabulary: int
    pair_bits: int

    @property
    def size(self) -> int:
        """How many terms there can be."""
        return self.vocabulary + (1 << self.pair_bits)

    def terms(self, tokens: Sequence[Sequence[int]]) -> tuple[IntArray, IntArray]:
        """Every term of several documents, repeated as often as it occurs.

        Args:
            tokens: token ids of each document.

        Returns:
            For each occurrence the position of its document, and the term.
        """
        lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
        flat = np.concatenate([np.asarray(found, dtype=np.int64) for found in tokens])
        owner = np.repeat(np.arange(len(tokens)), lengths)
        within = owner[1:] == owner[:-1]
        pairs = self._bucket(flat[:-1][within], flat[1:][within])
        return np.concatenate([owner, owner[1:][within]]), np.concatenate([flat, pairs])

    def _bucket(self, first: IntArray, second: IntArray) -> IntArray:
        mixed = first.view(np.uint64) * _FIRST_FACTOR + second.view(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _SECOND_FACTOR
        return self.vocabulary + (mixed >> np.uint64(64 - self.pair_bits)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class TermCounts:
    """How often each document has each of its terms; one entry a document and term.

    Attributes:
        documents: position of the document, ascending.
        rows: number of the term, ascending within a document.
        counts: how often, at least 1.
    """

    documents: IntArray
    rows: IntArray
    counts: IntArray


def count_terms(documents: IntArray, rows: IntArray) -> TermCounts:
    """Count equal pairs of `documents` and `rows`, two arrays of the same length."""
    width = int(rows.max(initial=0)) + 1
    keys, counts = _counted(documents * width + rows)
    return TermCounts(keys // width, keys % width, counts)


def _counted(keys: IntArray) -> tuple[IntArray, IntArray]:
    """The different keys, ascending, and how often each occurs."""
    if not len(keys):
        return keys, keys
    ordered = np.sort(keys)
    first: NDArray[Any] = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    return ordered[first], np.diff(first, append=len(ordered))
