"""What the cheap model says of documents that it was not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from serving.term_features import TermCounts, TermSpace

from .cheap_model import REGULARIZATION, fit_cheap
from .classifier import Fold
from .graph_builder import FloatArray


def out_of_fold_logits(
    tokens: Sequence[Sequence[int]],
    counts: TermCounts,
    truth: Sequence[int],
    classes: int,
    space: TermSpace,
    folds: Sequence[Fold],
    vectors: FloatArray,
    regularization: float = REGULARIZATION,
) -> FloatArray:
    """Each document's logits by a model that was fitted without it, of shape [documents, classes].

    Args:
        tokens: what the model reads of each document.
        counts: of their terms, see `terms_of`.
        truth: class of each, 0-based.
        classes: how many there are.
        space: the terms there can be.
        folds: each document is asked about once.
        vectors: see `fit_cheap`.
        regularization: see `fit_cheap`.
    """
    logits = np.zeros((len(truth), classes), dtype=np.float32)
    for fold in folds:
        part = _part(counts, fold.fitted, len(truth))
        labels = [truth[p] for p in fold.fitted]
        model = fit_cheap(part, labels, classes, space, vectors, regularization)
        logits[fold.asked] = model.logits([tokens[p] for p in fold.asked])
    return logits


def _part(counts: TermCounts, positions: Sequence[int], documents: int) -> TermCounts:
    """The counts of some documents, which are numbered anew in the order of `positions`."""
    number = np.full(documents, -1, dtype=np.int64)
    number[list(positions)] = np.arange(len(positions))
    kept = number[counts.documents] >= 0
    return replace(
        counts,
        documents=number[counts.documents[kept]],
        rows=counts.rows[kept],
        counts=counts.counts[kept],
    )
