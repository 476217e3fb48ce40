"""From documents to the numbers that are watched, and from those to a sketch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.domain.drift.features import (
    EMBEDDING_WIDTH,
    LENGTH_BINS,
    SCORE_BINS,
    length_bin,
    score_bin,
    vocabulary_vector,
    words,
)
from include.domain.drift.sketch import Moments, Sketch

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WatchedDocument:
    """A text, with the model's answer, or the true label, where there is one."""

    text: str
    label: str | None = None
    score: float | None = None


@dataclass(frozen=True)
class WordVectors:
    """The encoder's own vectors of whole words, on their principal axes.

    Attributes:
        row_of: row of each word.
        vectors: float array of shape [words, `EMBEDDING_WIDTH`].
    """

    row_of: Mapping[str, int]
    vectors: FloatArray

    def mean(self, found: set[str]) -> FloatArray:
        """Return the mean of a text's words; the null vector where none is known."""
        rows = [row for word in found if (row := self.row_of.get(word)) is not None]
        return self.vectors[rows].mean(axis=0) if rows else np.zeros(EMBEDDING_WIDTH)


@dataclass(frozen=True)
class FeatureRows:
    """One row a document; `labels` holds None, and `scores` -1, where there is no answer."""

    lengths: NDArray[np.int64]
    labels: tuple[str | None, ...]
    scores: NDArray[np.int64]
    vocabulary: FloatArray
    embedding: FloatArray | None

    def take(self, positions: Sequence[int] | NDArray[np.int64]) -> FeatureRows:
        """Return some of the documents, in the order given; one may be taken twice."""
        chosen = np.asarray(positions, dtype=np.int64)
        return FeatureRows(
            self.lengths[chosen],
            tuple(self.labels[position] for position in chosen),
            self.scores[chosen],
            self.vocabulary[chosen],
            None if self.embedding is None else self.embedding[chosen],
        )

    def sketch(self) -> Sketch:
        """Add the documents up."""
        answered = self.scores[self.scores >= 0]
        return Sketch(
            documents=len(self.lengths),
            lengths=_counts(self.lengths, LENGTH_BINS),
            labels=dict(Counter(label for label in self.labels if label is not None)),
            scores=_counts(answered, SCORE_BINS),
            vocabulary=_moments(self.vocabulary),
            embedding=None if self.embedding is None else _moments(self.embedding),
        )


def feature_rows(
    documents: Sequence[WatchedDocument], vectors: WordVectors | None = None
) -> FeatureRows:
    """Describe documents; without the encoder's vectors they have no embedding."""
    found = [words(document.text) for document in documents]
    return FeatureRows(
        lengths=np.array([length_bin(len(d.text)) for d in documents], dtype=np.int64),
        labels=tuple(d.label for d in documents),
        scores=np.array(
            [-1 if d.score is None else score_bin(d.score) for d in documents], dtype=np.int64
        ),
        vocabulary=_stacked([np.array(vocabulary_vector(each)) for each in found]),
        embedding=None if vectors is None else _stacked([vectors.mean(each) for each in found]),
    )


def _stacked(rows: list[FloatArray]) -> FloatArray:
    if not rows:
        raise ValueError("no document to describe")
    return np.stack(rows)


def _counts(bins: NDArray[np.int64], size: int) -> tuple[int, ...]:
    return tuple(int(count) for count in np.bincount(bins, minlength=size))


def _moments(vectors: FloatArray) -> Moments:
    products = vectors.T @ vectors
    upper = products[np.triu_indices(len(products))]
    return Moments(tuple(vectors.sum(axis=0).tolist()), tuple(upper.tolist()))
