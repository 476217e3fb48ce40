"""The cascade of a trained classifier, where the evidence allows one.

Both stages are fitted anew on each fold's other documents and asked about its own, so every
training document serves as evidence. What is bounded is thus the loss of stages that were fitted on
less than the final ones are; the held-out documents then show the loss of the final ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from serving.linear_model import LinearModel, softmax
from serving.term_features import TermSpace

from .cheap_folds import out_of_fold_logits
from .cheap_model import PAIR_BITS, calibrated, fit_cheap, temperature_of, terms_of
from .classifier import Fold
from .threshold import Evidence, choose_threshold

CASCADE_FILE = "cascade.npz"


@dataclass(frozen=True)
class TrainedCascade:
    """The cheap model, calibrated, and what its threshold stands on."""

    model: LinearModel
    temperature: float
    evidence: Evidence


@dataclass(frozen=True)
class Comparison:
    """What the two stages are compared on.

    Attributes:
        tokens: what the cheap stage reads of each document.
        labels: the classes, in the order of the model's output.
        truth: label of each document.
        encoder_says: the encoder's label of each, out of fold.
        folds: the same as the encoder's.
    """

    tokens: Sequence[Sequence[int]]
    labels: Sequence[str]
    truth: Sequence[str]
    encoder_says: Sequence[str]
    folds: Sequence[Fold]


def fit_cascade(
    comparison: Comparison, vocabulary: int, max_loss: float, confidence: float
) -> TrainedCascade | None:
    """Fit the cheap model, and choose the threshold from which its answer stands.

    Args:
        comparison: the documents and the encoder's answers.
        vocabulary: token ids are below it.
        max_loss: accuracy that the cascade may cost, 0 to 1.
        confidence: with which a greater loss must be ruled out, 0 to 1.

    Returns:
        None where no threshold has the evidence.
    """
    space = TermSpace(vocabulary, PAIR_BITS)
    counts = terms_of(comparison.tokens, space)
    truth = [comparison.labels.index(label) for label in comparison.truth]
    classes = len(comparison.labels)
    logits = out_of_fold_logits(comparison.tokens, counts, truth, classes, space, comparison.folds)
    temperature = temperature_of(logits, truth)
    probabilities = softmax(logits / np.float32(temperature))
    evidence = choose_threshold(
        probabilities.max(axis=1),
        (logits.argmax(axis=1) == truth).tolist(),
        [
            said == label
            for said, label in zip(comparison.encoder_says, comparison.truth, strict=True)
        ],
        max_loss,
        confidence,
    )
    if evidence is None:
        return None
    model = fit_cheap(counts, truth, classes, space)
    return TrainedCascade(calibrated(model, temperature), temperature, evidence)
