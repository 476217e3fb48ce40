"""The cascade of a trained classifier, where the evidence allows one.

Both stages are fitted anew on each fold's other documents and asked about its own, so every
training document serves as evidence. What is bounded is thus the loss of stages that were fitted on
less than the final ones are; the held-out documents then show the loss of the final ones.

Where the cheap stage is not sure, both stages' probabilities are pooled, if there is evidence for
that, and else the encoder's stand. The pool's weights, too, are fitted for each fold on the other
folds' documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from serving.artifact import PoolWeights
from serving.cascade import pooled
from serving.linear_model import LinearModel, softmax
from serving.term_features import TermSpace

from .cheap_folds import out_of_fold_logits
from .cheap_model import PAIR_BITS, calibrated, fit_cheap, temperature_of, terms_of
from .classifier import Fold
from .graph_builder import FloatArray
from .pool import fit_pool
from .threshold import Evidence, Right, choose_cascade

CASCADE_FILE = "cascade.npz"


@dataclass(frozen=True)
class TrainedCascade:
    """The cheap model, calibrated, and what its threshold stands on."""

    model: LinearModel
    temperature: float
    pool: PoolWeights
    evidence: Evidence


@dataclass(frozen=True)
class Comparison:
    """What the two stages are compared on.

    Attributes:
        tokens: what the cheap stage reads of each document.
        labels: the classes, in the order of the model's output.
        truth: label of each document.
        encoder: the encoder's class probabilities of each, out of fold.
        folds: the same as the encoder's.
    """

    tokens: Sequence[Sequence[int]]
    labels: Sequence[str]
    truth: Sequence[str]
    encoder: FloatArray
    folds: Sequence[Fold]


def fit_cascade(
    comparison: Comparison, vectors: FloatArray, max_loss: float, confidence: float
) -> TrainedCascade | None:
    """Fit the cheap model, and choose the threshold from which its answer stands.

    Args:
        comparison: the documents and the encoder's answers.
        vectors: of each token, see `token_vectors`.
        max_loss: accuracy that the cascade may cost, 0 to 1.
        confidence: with which a greater loss must be ruled out, 0 to 1.

    Returns:
        None where no threshold has the evidence.
    """
    space = TermSpace(len(vectors), PAIR_BITS)
    counts = terms_of(comparison.tokens, space)
    truth = [comparison.labels.index(label) for label in comparison.truth]
    classes = len(comparison.labels)
    logits = out_of_fold_logits(
        comparison.tokens, counts, truth, classes, space, comparison.folds, vectors
    )
    temperature = temperature_of(logits, truth)
    probabilities = softmax(logits / np.float32(temperature))
    both = _pooled_out_of_fold(probabilities, comparison, truth)
    right = Right(
        cheap=probabilities.argmax(axis=1) == truth,
        pooled=both.argmax(axis=1) == truth,
        encoder=comparison.encoder.argmax(axis=1) == truth,
    )
    chosen = choose_cascade(probabilities.max(axis=1), right, max_loss, confidence)
    if chosen is None:
        return None
    evidence, is_pooled = chosen
    model = fit_cheap(counts, truth, classes, space, vectors)
    pool = fit_pool(probabilities, comparison.encoder, truth) if is_pooled else PoolWeights()
    return TrainedCascade(calibrated(model, temperature), temperature, pool, evidence)


def _pooled_out_of_fold(
    cheap: FloatArray, comparison: Comparison, truth: Sequence[int]
) -> FloatArray:
    found = np.zeros_like(cheap)
    for fold in comparison.folds:
        fitted, asked = fold.fitted, fold.asked
        weights = fit_pool(cheap[fitted], comparison.encoder[fitted], [truth[p] for p in fitted])
        found[asked] = pooled(cheap[asked], comparison.encoder[asked], weights)
    return found
