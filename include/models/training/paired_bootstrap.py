"""Differences of classifiers on the same documents, with bounds by paired bootstrap. Pure.

Documents are drawn anew with replacement, each with all models' answers to it (Efron and
Tibshirani, 1993, "An Introduction to the Bootstrap"), and the bound is a percentile of what the
difference then is. Documents of the same truth and answers are drawn together: how often each such
group is drawn is multinomial, which makes thousands of resamples a matter of milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Resampling:
    """How bounds are found.

    Attributes:
        confidence: of each one-sided bound, 0 to 1.
        resamples: how often documents are drawn anew.
        seed: of the drawing.
    """

    confidence: float = 0.95
    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class PairDifference:
    """One model's figures less another's, on the same documents.

    Attributes:
        model: whose figures count up.
        against: the other.
        helpful: documents that the model gets right and the other wrong.
        harmful: the reverse.
        accuracy: difference, -1 to 1.
        accuracy_low: one-sided lower bound of it.
        macro_f1: difference of the mean F1 of the labels that documents are of.
        macro_f1_low: one-sided lower bound of it.
        p_not_inferior: p-value of the model being no worse, by the exact sign test.
    """

    model: str
    against: str
    helpful: int
    harmful: int
    accuracy: float
    accuracy_low: float
    macro_f1: float
    macro_f1_low: float
    p_not_inferior: float


def compare(
    truth: Sequence[int],
    answers: Mapping[str, Sequence[int]],
    classes: int,
    how: Resampling,
) -> list[PairDifference]:
    """Compare every ordered pair of models.

    Args:
        truth: class of each document, 0-based; at least one document.
        answers: by model, the class it gives each document.
        classes: how many there are.
        how: the bounds.
    """
    names = list(answers)
    table = np.column_stack([truth, *(answers[name] for name in names)]).astype(np.int64)
    groups, counts = np.unique(table, axis=0, return_counts=True)
    random = np.random.default_rng(how.seed)
    drawn = random.multinomial(len(truth), counts / len(truth), size=how.resamples)
    # The first row is what was seen, the others are the resamples.
    weights = np.vstack([counts, drawn]).astype(float)
    figures = {
        name: _figures(weights, groups[:, 0], groups[:, column], classes)
        for column, name in enumerate(names, start=1)
    }
    right = {name: table[:, 0] == table[:, n] for n, name in enumerate(names, start=1)}
    return [
        _difference(model, against, figures, right, how.confidence)
        for model, against in permutations(names, 2)
    ]


def _difference(
    model: str,
    against: str,
    figures: Mapping[str, tuple[FloatArray, FloatArray]],
    right: Mapping[str, NDArray[np.bool_]],
    confidence: float,
) -> PairDifference:
    helpful = int(np.sum(right[model] & ~right[against]))
    harmful = int(np.sum(right[against] & ~right[model]))
    (accuracy, accuracy_low), (macro_f1, macro_f1_low) = (
        _bounded(mine - others, confidence)
        for mine, others in zip(figures[model], figures[against], strict=True)
    )
    return PairDifference(
        model=model,
        against=against,
        helpful=helpful,
        harmful=harmful,
        accuracy=accuracy,
        accuracy_low=accuracy_low,
        macro_f1=macro_f1,
        macro_f1_low=macro_f1_low,
        p_not_inferior=float(binom.sf(harmful - 1, helpful + harmful, 0.5)),
    )


def _bounded(differences: FloatArray, confidence: float) -> tuple[float, float]:
    return float(differences[0]), float(np.quantile(differences[1:], 1 - confidence))


def _figures(
    weights: FloatArray, truth: IntArray, answers: IntArray, classes: int
) -> tuple[FloatArray, FloatArray]:
    """Accuracy and macro-F1 under each row of `weights`, which are of groups of documents."""
    true, said = np.eye(classes)[truth], np.eye(classes)[answers]
    hits = weights @ (true * said)
    support, claimed = weights @ true, weights @ said
    total = support + claimed
    f1 = np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)
    has_documents = support[0] > 0
    accuracy: FloatArray = hits.sum(axis=1) / weights.sum(axis=1)
    macro_f1: FloatArray = f1[:, has_documents].mean(axis=1)
    return accuracy, macro_f1
