"""A set of documents, described by what can be added up: shards to batches, batches to days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce

from include.domain.drift.features import LENGTH_BINS, SCORE_BINS


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over documents' vectors, enough for their mean and covariance.

    Attributes:
        sums: of each number; its length is the vectors' width.
        products: of each pair of numbers, row by row of the upper triangle, diagonal included.
    """

    sums: tuple[float, ...]
    products: tuple[float, ...]

    def __post_init__(self) -> None:
        width = len(self.sums)
        if len(self.products) != width * (width + 1) // 2:
            raise ValueError(f"{len(self.products)} products do not fit {width} sums")

    def __add__(self, other: Moments) -> Moments:
        """Return the sums over both sets of documents."""
        return Moments(_added(self.sums, other.sums), _added(self.products, other.products))


@dataclass(frozen=True, slots=True)
class Sketch:
    """Documents, as counts by bin and moments of vectors.

    Attributes:
        documents: how many were looked at.
        lengths: documents by length, see `length_bin`.
        labels: documents by label; empty where there are no answers.
        scores: documents by score, see `score_bin`; all 0 where there are no answers.
        vocabulary: of hashed words.
        embedding: of the mean of the encoder's vectors of the words; None where the model has none.
    """

    documents: int
    lengths: tuple[int, ...]
    vocabulary: Moments
    labels: Mapping[str, int] = field(default_factory=dict)
    scores: tuple[int, ...] = (0,) * SCORE_BINS
    embedding: Moments | None = None

    def __post_init__(self) -> None:
        if len(self.lengths) != LENGTH_BINS or len(self.scores) != SCORE_BINS:
            raise ValueError("a sketch of other bins")

    def __add__(self, other: Sketch) -> Sketch:
        """Return the sketch of both sets; a vector that one lacks is unknown of both."""
        has_embedding = self.embedding is not None and other.embedding is not None
        return Sketch(
            documents=self.documents + other.documents,
            lengths=tuple(a + b for a, b in zip(self.lengths, other.lengths, strict=True)),
            vocabulary=self.vocabulary + other.vocabulary,
            labels=dict(Counter(self.labels) + Counter(other.labels)),
            scores=tuple(a + b for a, b in zip(self.scores, other.scores, strict=True)),
            embedding=self.embedding + other.embedding  # type: ignore[operator]
            if has_embedding
            else None,
        )


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """Return the sketch of all documents. Raises ValueError where there is none."""
    found = list(sketches)
    if not found:
        raise ValueError("nothing to merge")
    return reduce(lambda a, b: a + b, found)


def _added(first: tuple[float, ...], second: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(first, second, strict=True))
