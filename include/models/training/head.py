"""The classifier's head: logistic regression on frozen embeddings, and its calibration."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score

from .cheap_model import temperature_of
from .graph_builder import FloatArray

REGULARIZATION_GRID = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Values of scikit-learn's C to choose from; larger fits the training data closer."""


@dataclass(frozen=True)
class Head:
    """A fitted head.

    Attributes:
        labels: the classes, in the order of the columns.
        weight: shape [hidden, classes].
        bias: shape [classes].
        regularization: the C that cross-validation chose.
        temperature: what the fitted weight and bias were divided by.
    """

    labels: tuple[str, ...]
    weight: FloatArray
    bias: FloatArray
    regularization: float
    temperature: float = 1.0


def fit_head(embeddings: FloatArray, labels: Sequence[str], folds: int) -> Head:
    """Fit the head, its regularization chosen by cross-validated accuracy.

    Args:
        embeddings: shape [documents, hidden].
        labels: one a document, at least two different.
        folds: lowered where a class has fewer documents; under 2, C is 1.
    """
    chosen = _choose(embeddings, labels, min(folds, min(Counter(labels).values())))
    return fit_head_at(embeddings, labels, chosen)


def fit_head_at(embeddings: FloatArray, labels: Sequence[str], regularization: float) -> Head:
    """Fit the head with a known C; see `fit_head`."""
    model = _regression(regularization).fit(embeddings, labels)
    weight, bias = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:
        # scikit-learn keeps one column for two classes; a softmax needs both.
        weight = np.hstack([np.zeros_like(weight), weight])
        bias = np.concatenate([np.zeros_like(bias), bias])
    return Head(
        labels=tuple(str(label) for label in model.classes_),
        weight=weight.astype(np.float32),
        bias=bias.astype(np.float32),
        regularization=regularization,
    )


def calibrated_head(head: Head, embeddings: FloatArray, labels: Sequence[str], folds: int) -> Head:
    """The head under the temperature that fits best what such heads say of documents out of fold.

    The C of the highest accuracy is often a small one, whose probabilities are far too modest.

    Args:
        head: fitted on all the documents.
        embeddings: shape [documents, hidden].
        labels: one a document.
        folds: lowered where a class has fewer documents; under 2, the head is left as it is.
    """
    folds = min(folds, min(Counter(labels).values()))
    if folds < 2:
        return head
    truth = np.array([head.labels.index(label) for label in labels])
    logits = np.zeros((len(truth), len(head.labels)), dtype=np.float32)
    split = StratifiedKFold(folds, shuffle=True, random_state=0)
    for fitted, asked in split.split(embeddings, truth):
        part = fit_head_at(embeddings[fitted], [labels[p] for p in fitted], head.regularization)
        logits[asked] = embeddings[asked] @ part.weight + part.bias
    return cooled(head, temperature_of(logits, truth.tolist()))


def cooled(head: Head, temperature: float) -> Head:
    """The head with its logits divided by a temperature: the same labels, other probabilities."""
    scale = np.float32(temperature)
    return replace(
        head, weight=head.weight / scale, bias=head.bias / scale, temperature=temperature
    )


def _choose(embeddings: FloatArray, labels: Sequence[str], folds: int) -> float:
    if folds < 2:
        return 1.0
    split = StratifiedKFold(folds, shuffle=True, random_state=0)
    scores = {
        value: float(cross_val_score(_regression(value), embeddings, labels, cv=split).mean())
        for value in REGULARIZATION_GRID
    }
    return max(scores, key=lambda value: (round(scores[value], 4), -value))


def _regression(value: float) -> LogisticRegression:
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    return LogisticRegression(C=value, max_iter=500)
