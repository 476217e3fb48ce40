"""The weights of a cascade's two stages where both are asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from serving.artifact import PoolWeights
from serving.cascade import pooled

from .graph_builder import FloatArray


def fit_pool(cheap: FloatArray, encoder: FloatArray, truth: Sequence[int]) -> PoolWeights:
    """The weights under which the pooled probabilities fit the labels best (log-likelihood).

    Args:
        cheap: the cheap stage's class probabilities, of shape [documents, classes].
        encoder: the encoder's, of documents that neither stage was fitted on.
        truth: class of each document.
    """
    everyone, right = np.arange(len(truth)), np.asarray(truth)

    def loss(weights: NDArray[np.float64]) -> float:
        shares = pooled(cheap, encoder, PoolWeights(*weights))
        return float(-np.log(np.maximum(shares[everyone, right], 1e-12)).mean())

    # Convex, as a logistic regression on two logarithms; no stage may count against itself.
    found = minimize(loss, (1.0, 0.1), bounds=((0, None), (0, None)), method="Nelder-Mead")
    encoder_weight, cheap_weight = (round(float(value), 4) for value in found.x)
    return PoolWeights(encoder_weight, cheap_weight)
