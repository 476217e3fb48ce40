"""An exact test that one classifier's accuracy is at most so much below another's. Pure.

Both classify the same documents, so only those count on which one is right and the other wrong.
Let `harmful` be how many the second gets wrong and the first right, `helpful` the reverse; the loss
of accuracy is the difference of their probabilities. The test is the exact unconditional one of
paired proportions: the probability, at the margin, of a difference as small as the one seen. That
depends also on how often the two differ at all, which is taken at its worst within a confidence
set, whose own error is added (Berger and Boos, 1994, "P Values Maximized Over a Confidence Set for
the Nuisance Parameter").
"""

from __future__ import annotations

import numpy as np
from scipy.stats import beta, binom

NUISANCE_ERROR = 0.005
"""The probability that the two differ more often than in the set in which the worst is sought."""

_GRID = 40


def p_value(harmful: int, helpful: int, documents: int, margin: float) -> float:
    """How likely so small a loss would be, were the true loss the margin or more.

    Args:
        harmful: documents that the second gets wrong and the first right.
        helpful: documents that the first gets wrong and the second right.
        documents: how many both classified, those they agree on included.
        margin: the loss of accuracy to rule out, -1 to 1.

    Returns:
        At most as probable as it says: under a loss of `margin` or more, a value of p or less comes
        with a probability of at most p.
    """
    different, highest = harmful + helpful, 1.0
    if different < documents:
        highest = float(beta.ppf(1 - NUISANCE_ERROR, different + 1, documents - different))
    rates = np.linspace(abs(margin), max(abs(margin), highest), _GRID)
    worst = max(_chance(harmful - helpful, documents, rate, margin) for rate in rates)
    return min(1.0, worst + NUISANCE_ERROR)


def loss_bound(harmful: int, helpful: int, documents: int, confidence: float) -> float:
    """The smallest loss that is ruled out with the given confidence, within 0.00001."""
    low, high = 0.0, 1.0
    while high - low > 1e-5:
        middle = (low + high) / 2
        if p_value(harmful, helpful, documents, middle) <= 1 - confidence:
            high = middle
        else:
            low = middle
    return high


def is_contradicted(
    harmful: int, helpful: int, documents: int, margin: float, confidence: float
) -> bool:
    """Whether a loss of the margin or less is itself ruled out with the given confidence."""
    return p_value(helpful, harmful, documents, -margin) <= 1 - confidence


def _chance(difference: int, documents: int, rate: float, margin: float) -> float:
    """P(harmful - helpful <= difference) where the two differ at `rate`, the loss being `margin`.

    Given how many differ, `harmful` is binomial.
    """
    centre, spread = documents * rate, 10 * np.sqrt(documents * rate) + 20
    different = np.arange(max(0, int(centre - spread)), min(documents, int(centre + spread)) + 1)
    harmful = binom.cdf((different + difference) // 2, different, (rate + margin) / (2 * rate))
    return float(np.sum(binom.pmf(different, documents, rate) * harmful))
