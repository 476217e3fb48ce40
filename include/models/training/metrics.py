"""Figures of a classifier on held-out documents. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class ClassFigures:
    """One class: precision, recall and F1, each 0 to 1; `support` documents truly of it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Figures:
    """A classifier's figures, each 0 to 1."""

    accuracy: float
    macro_f1: float
    per_class: dict[str, ClassFigures]


def evaluate(truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Figures:
    """Compare predictions with the truth; a ratio over nothing counts as 0.

    Raises:
        ValueError: the sequences differ in length or are empty.
    """
    if not truth or len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} truths against {len(predicted)} predictions")
    per_class = {label: _of_class(truth, predicted, label) for label in labels}
    return Figures(
        accuracy=agreement(truth, predicted),
        macro_f1=sum(c.f1 for c in per_class.values()) / len(per_class),
        per_class=per_class,
    )


def rounded(figures: Figures) -> dict[str, dict[str, float]]:
    """The classes' figures, to four digits."""
    return {
        label: {name: round(value, 4) for name, value in asdict(one).items()}
        for label, one in figures.per_class.items()
    }


def agreement(first: Sequence[str], second: Sequence[str]) -> float:
    """The share of positions at which both say the same."""
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)


def _of_class(truth: Sequence[str], predicted: Sequence[str], label: str) -> ClassFigures:
    pairs = list(zip(truth, predicted, strict=True))
    hits = sum(t == p == label for t, p in pairs)
    claimed = sum(p == label for _, p in pairs)
    support = sum(t == label for t, _ in pairs)
    precision = hits / claimed if claimed else 0.0
    recall = hits / support if support else 0.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return ClassFigures(precision, recall, f1, support)
