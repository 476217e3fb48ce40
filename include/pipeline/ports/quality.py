"""The quality gate, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from include.domain.batches.documents import QuarantineReason, RawDocument
from include.domain.batches.predictions import Prediction


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """One expectation over one or more shards.

    Attributes:
        expectation: what was expected, in words.
        evaluated_count: rows looked at.
        unexpected_count: rows that failed it.
        samples: a few excerpts of failing rows.
    """

    expectation: str
    evaluated_count: int
    unexpected_count: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PoisonRow:
    """A row the quality gate sets aside; `position` counts from 0 within the rows it was given."""

    position: int
    reason: QuarantineReason
    detail: str


@dataclass(frozen=True, slots=True)
class ShardVerdict:
    """The quality gate's answer on one shard."""

    poison: tuple[PoisonRow, ...]
    results: tuple[ExpectationResult, ...]


class QualityGate(Protocol):
    """Great Expectations, over one shard at a time."""

    def check_documents(
        self, rows: Sequence[RawDocument], duplicate_positions: Sequence[int]
    ) -> ShardVerdict:
        """Judge rows as pulled. Each bad row is named once, with its first reason.

        Args:
            rows: one shard.
            duplicate_positions: positions in `rows` whose id stood earlier in the batch.
        """
        ...

    def check_predictions(
        self, predictions: Sequence[Prediction], *, labels: Sequence[str]
    ) -> ShardVerdict:
        """Judge predictions: label known, score a probability, id present and unique."""
        ...

    def render_report(
        self, *, title: str, facts: dict[str, str], results: Sequence[ExpectationResult]
    ) -> str:
        """Return a self-contained HTML page over all shards' results (merged by expectation)."""
        ...
