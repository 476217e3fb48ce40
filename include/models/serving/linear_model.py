"""The cheap stage's model: multinomial logistic regression on terms and tokens, in numpy alone.

A document's vector holds (1 + ln count) * idf of each term it knows, scaled to unit length. Beside
it stands the mean of its tokens' vectors, which training takes from an encoder's embeddings: they
say something of words that were rare among the training documents. Classes' probabilities are the
softmax of a linear function of both, so a token's vector needs no more room than a number a class.
The temperature that calibrates the probabilities (Guo et al., 2017, "On Calibration of Modern
Neural Networks") is divided into the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from .artifact import ArtifactError
from .term_features import TermCounts, TermSpace, count_terms

FloatArray = NDArray[np.float32]

UNKNOWN = -1
"""The row of a term that the model has no weight for."""

_PASS_TOKENS = 32_768
"""Documents are worked on so many tokens at a time, which bounds memory."""


@dataclass(frozen=True)
class LinearModel:
    """A fitted model.

    Attributes:
        space: the terms there can be.
        row_of: row of each term in the two arrays below, or `UNKNOWN`; int32 of shape
            [`space.size`].
        idf: inverse document frequency, float32 of shape [rows].
        weight: float32 of shape [rows, classes].
        bias: float32 of shape [classes].
        token_weight: what each token adds, averaged over the document; float32 of shape
            [`space.vocabulary`, classes].
    """

    space: TermSpace
    row_of: NDArray[np.int32]
    idf: FloatArray
    weight: FloatArray
    bias: FloatArray
    token_weight: FloatArray

    def probabilities(self, tokens: Sequence[Sequence[int]]) -> FloatArray:
        """Class probabilities of each document, float32 of shape [documents, classes].

        A document's row depends on its own tokens alone, bit for bit.
        """
        return softmax(self.logits(tokens))

    def logits(self, tokens: Sequence[Sequence[int]]) -> FloatArray:
        """What the probabilities are the softmax of; same shape."""
        if not tokens:
            return np.zeros((0, len(self.bias)), dtype=np.float32)
        return np.concatenate([self._pass(part) for part in _passes(tokens)])

    def _pass(self, tokens: Sequence[Sequence[int]]) -> FloatArray:
        documents, terms = self.space.terms(tokens)
        rows = self.row_of[terms].astype(np.int64)
        known = rows != UNKNOWN
        found = count_terms(documents[known], rows[known])
        logits = np.zeros((len(tokens), len(self.bias)), dtype=np.float32)
        if len(found.rows):
            values = tf_idf(found, self.idf)
            starts = np.flatnonzero(np.diff(found.documents, prepend=-1))
            sums = np.add.reduceat(values[:, None] * self.weight[found.rows], starts, axis=0)
            logits[found.documents[starts]] = sums
        return logits + self._mean_weight(tokens) + self.bias

    def _mean_weight(self, tokens: Sequence[Sequence[int]]) -> FloatArray:
        lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
        flat = np.concatenate([np.asarray(found, dtype=np.int64) for found in tokens])
        starts = np.cumsum(lengths) - lengths
        sums: FloatArray = np.add.reduceat(self.token_weight[flat], starts, axis=0)
        means: FloatArray = np.divide(sums, lengths[:, None], dtype=np.float32)
        return means

    def save(self, path: Path) -> None:
        """Write the model; the same model gives the same bytes."""
        arrays: dict[str, Any] = {
            "space": np.array([self.space.vocabulary, self.space.pair_bits], dtype=np.int64),
            "row_of": self.row_of,
            "idf": self.idf,
            "weight": self.weight,
            "bias": self.bias,
            "token_weight": self.token_weight,
        }
        np.savez(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """Read what `save` wrote.

        Raises:
            ArtifactError: no such file, or not such a file.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                vocabulary, pair_bits = (int(value) for value in arrays["space"])
                row_of, idf, weight, bias = (
                    arrays[name] for name in ("row_of", "idf", "weight", "bias")
                )
                # Models trained before tokens had vectors know terms alone.
                without = np.zeros((vocabulary, len(bias)), dtype=np.float32)
                token_weight = arrays.get("token_weight", without)
                space = TermSpace(vocabulary, pair_bits)
                return cls(space, row_of, idf, weight, bias, token_weight)
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise ArtifactError(f"cannot read the cheap model {path}: {error}") from error


def tf_idf(found: TermCounts, idf: FloatArray) -> FloatArray:
    """The values of the documents' vectors, one for each of `found`'s entries."""
    values = (1 + np.log(found.counts.astype(np.float32))) * idf[found.rows]
    squares = np.bincount(found.documents, weights=values * values)
    norms = np.sqrt(squares).astype(np.float32)
    scaled: FloatArray = values / norms[found.documents]
    return scaled


def softmax(logits: FloatArray) -> FloatArray:
    """Over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: FloatArray = shifted / shifted.sum(axis=-1, keepdims=True)
    return shares


def _passes(tokens: Sequence[Sequence[int]]) -> Iterator[Sequence[Sequence[int]]]:
    start = used = 0
    for position, found in enumerate(tokens):
        if position > start and used + len(found) > _PASS_TOKENS:
            yield tokens[start:position]
            start, used = position, 0
        used += len(found)
    yield tokens[start:]
