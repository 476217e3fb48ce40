"""An exact test that one classifier's accuracy is at most so much below another's. Pure.

Both classify the same documents, so only those count on which one is right and the other wrong.
Let `harmful` be how many the second gets wrong and the first right, `helpful` the reverse; the loss
of accuracy is the difference of their probabilities. The test is the exact unconditional one of
paired proportions: the probability, at the margin, of a finding as much in the second's favour as
the one seen. Findings are ordered by the loss less the margin in standard errors, so that the
probability depends little on how often the two differ at all (Suissa and Shuster, 1991, "The 2 x 2
Matched-Pairs Trial: Exact Unconditional Design and Analysis"). That is taken at its worst within a
confidence set, whose own error is added (Berger and Boos, 1994, "P Values Maximized Over a
Confidence Set for the Nuisance Parameter").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta, binom

NUISANCE_ERROR = 0.001
"""The probability that how often the two differ is outside the set in which the worst is sought."""

_GRID = 40

_ROUNDING = 1e-9


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
    different = harmful + helpful
    lowest, highest = _rates(different, documents)
    rates = np.linspace(max(abs(margin), lowest), max(abs(margin), highest), _GRID)
    seen = (harmful - helpful - documents * margin) / _standard_error(different, documents, margin)
    worst = max(_chance(float(seen), documents, rate, margin) for rate in rates)
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


def _rates(different: int, documents: int) -> tuple[float, float]:
    """How often the two differ, with all confidence but `NUISANCE_ERROR` (Clopper and Pearson)."""
    tail, same = NUISANCE_ERROR / 2, documents - different
    lowest = float(beta.ppf(tail, different, same + 1)) if different else 0.0
    highest = float(beta.ppf(1 - tail, different + 1, same)) if same else 1.0
    return lowest, highest


def _chance(seen: float, documents: int, rate: float, margin: float) -> float:
    """P(loss less margin, in standard errors, <= seen) where the two differ at `rate`.

    Given how many differ, `harmful` is binomial, the loss being the margin.
    """
    centre, spread = documents * rate, 10 * np.sqrt(documents * rate) + 20
    different = np.arange(max(0, int(centre - spread)), min(documents, int(centre + spread)) + 1)
    difference = documents * margin + seen * _standard_error(different, documents, margin)
    most = np.floor((different + difference) / 2 + _ROUNDING)
    harmful = binom.cdf(most, different, (rate + margin) / (2 * rate))
    return float(np.sum(binom.pmf(different, documents, rate) * harmful))


def _standard_error(different: ArrayLike, documents: int, margin: float) -> NDArray[np.float64]:
    """Of `harmful - helpful` at the margin, where so many documents differ."""
    fewest = documents * abs(margin)
    return np.sqrt(np.maximum(np.maximum(different, fewest) - documents * margin**2, _ROUNDING))
