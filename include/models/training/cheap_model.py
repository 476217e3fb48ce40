"""Fitting the cheap model: logistic regression on terms and token vectors, and its calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from serving.linear_model import UNKNOWN, LinearModel, softmax, tf_idf
from serving.term_features import TermCounts, TermSpace, count_terms
from sklearn.linear_model import SGDClassifier

from .graph_builder import FloatArray

PAIR_BITS = 18
"""Pairs of neighbours fall into 262,144 buckets."""

_RAREST = 2
"""A term counts from so many documents on."""

REGULARIZATION = 30.0
"""As scikit-learn's C: the penalty's weight is 1 / (C * documents)."""

_EPOCHS = 10

_VECTOR_LENGTH = 0.35
"""Of a document's mean token vector on the average, beside the terms' vector of length 1."""


def fit_cheap(
    counts: TermCounts,
    labels: Sequence[int],
    classes: int,
    space: TermSpace,
    vectors: FloatArray,
    regularization: float = REGULARIZATION,
) -> LinearModel:
    """Fit one binary logistic regression a class, by stochastic gradient descent.

    Args:
        counts: of the documents' terms, their rows being terms of `space`.
        labels: class of each document, 0-based; every class has a document.
        classes: how many there are.
        space: the terms there can be.
        vectors: of each token, see `token_vectors`.
        regularization: as scikit-learn's C.

    Returns:
        A model whose probabilities are not calibrated yet.
    """
    documents = len(labels)
    frequency = np.bincount(counts.rows, minlength=space.size)
    kept = frequency >= _RAREST
    row_of = np.where(kept, np.cumsum(kept) - 1, UNKNOWN).astype(np.int32)
    idf = (np.log((1 + documents) / (1 + frequency[kept])) + 1).astype(np.float32)
    found = known_terms(counts, row_of)
    terms = csr_matrix(
        (tf_idf(found, idf), (found.documents, found.rows)), shape=(documents, len(idf))
    )
    rarity = np.log((1 + documents) / (1 + frequency[: space.vocabulary])) + 1
    weighted = (vectors * rarity[:, None]).astype(np.float32)
    means = token_shares(counts, documents, space) @ weighted
    scale = _VECTOR_LENGTH / max(float(np.linalg.norm(means, axis=1).mean()), 1e-9)
    matrix = hstack([terms, csr_matrix(means * scale)], format="csr")
    model = SGDClassifier(
        loss="log_loss",
        alpha=1 / (regularization * documents),
        max_iter=_EPOCHS,
        tol=None,
        random_state=0,
    ).fit(matrix, labels)
    weight, bias = model.coef_.T, model.intercept_
    if classes == 2:
        # scikit-learn keeps one column for two classes; a softmax needs both.
        weight, bias = np.hstack([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    weight, bias = weight.astype(np.float32), bias.astype(np.float32)
    token_weight = weighted @ (weight[len(idf) :] * np.float32(scale))
    return LinearModel(space, row_of, idf, weight[: len(idf)], bias, token_weight)


def token_vectors(weights: Mapping[str, NDArray[Any]]) -> FloatArray:
    """An encoder's input embeddings less their mean, of shape [vocabulary, hidden].

    Args:
        weights: the pretrained encoder's, which has seen none of the documents.
    """
    found = weights["embeddings.word_embeddings.weight"].astype(np.float32)
    centred: FloatArray = found - found.mean(axis=0)
    return centred


def token_shares(counts: TermCounts, documents: int, space: TermSpace) -> csr_matrix:
    """Each token's share of its document's tokens, of shape [documents, vocabulary]."""
    is_token = counts.rows < space.vocabulary
    owner, tokens = counts.documents[is_token], counts.rows[is_token]
    occurrences = counts.counts[is_token].astype(np.float32)
    lengths = np.bincount(owner, weights=occurrences, minlength=documents).astype(np.float32)
    return csr_matrix(
        (occurrences / lengths[owner], (owner, tokens)), shape=(documents, space.vocabulary)
    )


def known_terms(counts: TermCounts, row_of: NDArray[np.int32]) -> TermCounts:
    """The counts of those terms that a model has weights for, numbered as its rows."""
    rows = row_of[counts.rows]
    known = rows != UNKNOWN
    return TermCounts(counts.documents[known], rows[known].astype(np.int64), counts.counts[known])


def terms_of(tokens: Sequence[Sequence[int]], space: TermSpace) -> TermCounts:
    """Count the documents' terms, few documents at a time."""
    parts = []
    for start in range(0, len(tokens), 256):
        part = count_terms(*space.terms(tokens[start : start + 256]))
        parts.append(replace(part, documents=part.documents + start))
    return TermCounts(
        np.concatenate([part.documents for part in parts]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )


def temperature_of(logits: FloatArray, labels: Sequence[int]) -> float:
    """The temperature under which the logits' probabilities fit the labels best (log-likelihood).

    Args:
        logits: shape [documents, classes], of documents that the model was not fitted on.
        labels: class of each document.
    """
    truth = np.asarray(labels)

    def loss(log_temperature: float) -> float:
        shares = softmax(logits / np.float32(np.exp(log_temperature)))
        right: NDArray[np.float32] = shares[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(right, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded").x))


def calibrated(model: LinearModel, temperature: float) -> LinearModel:
    """The same model with its logits divided by the temperature."""
    scale = np.float32(temperature)
    return replace(
        model,
        weight=model.weight / scale,
        bias=model.bias / scale,
        token_weight=model.token_weight / scale,
    )
