"""Whether vectors have one mean: Hotelling's T-squared, and the squared Mahalanobis distance.

PSI is the Jeffreys divergence of two histograms; that of two normal distributions of one
covariance is just this distance. So the limits people know for PSI serve both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from include.domain.drift.sketch import Moments
from include.pipeline.drift.scatter import NO_DIFFERENCE, Difference, Scatter, upper_tail

FloatArray = NDArray[np.float64]

Sample = tuple[int, Moments]
"""Documents, and their moments."""

_ROUNDING = 1e-9
"""Variance, as a share of the mean square, that subtracting sums of floats leaves of none."""


def compare_vectors(reference: Sequence[Sample], current: Sample, current_days: int) -> Difference:
    """Compare documents' vectors, in the directions in which documents of one sample vary.

    Args:
        reference: one sample a day.
        current: all days together.
        current_days: how many those are.
    """
    counts = np.array([count for count, _ in reference], dtype=np.float64)
    sums = np.array([moments.sums for _, moments in reference])
    n_before, n_now = float(counts.sum()), float(current[0])
    mean_before, mean_now = sums.sum(axis=0) / n_before, np.array(current[1].sums) / n_now
    freedom = n_before + n_now - 2
    squares = sum((_square(moments) for _, moments in reference), start=_square(current[1]))
    within = (
        squares
        - n_before * np.outer(mean_before, mean_before)
        - n_now * np.outer(mean_now, mean_now)
    )
    if within.trace() <= _ROUNDING * squares.trace():
        return NO_DIFFERENCE
    inverse = np.linalg.pinv(within / freedom, hermitian=True, rcond=1e-9)
    width = int(np.linalg.matrix_rank(inverse, hermitian=True))
    below = freedom - width + 1
    if not width or below <= 0:
        return NO_DIFFERENCE
    shifts = (sums / counts[:, None] - mean_before) * np.sqrt(counts)[:, None]
    between: FloatArray = shifts @ inverse @ shifts.T
    days = len(counts) - 1
    scatter = Scatter.estimated(float(between.trace()), days * width, float(counts.mean()))
    directions = _directions(between, days, width)
    effective_before = scatter.effective_reference(n_before, len(counts))
    effective_now = scatter.effective(n_now, current_days)
    pairs = effective_before * effective_now / (effective_before + effective_now)
    distance = float((mean_now - mean_before) @ inverse @ (mean_now - mean_before))
    return Difference(
        effect=max(0.0, distance * below / freedom - width / pairs),
        p_value=upper_tail(
            pairs * distance * below / (width * freedom),
            directions,
            min(below, days * directions) if days else below,
        ),
    )


def _directions(between: FloatArray, days: int, width: int) -> float:
    """Return in how many directions days differ, 1 to `width`.

    Topics that come and go move the mean along a few axes, and a sum over all of them then has the
    spread of a few: Satterthwaite's degrees of freedom (1946), (tr S)^2 / tr S^2. Few days make
    them fewer than they are, which is the safe side; without a bias in the latter trace, one test
    of 300 was under 0.001 where days are restless.

    Args:
        between: inner products of the days' standardized shifts, shape [days + 1, days + 1].
        days: degrees of freedom of the days.
        width: of the vectors.
    """
    of_square = float((between**2).sum())
    if days < 2 or not of_square:
        return float(width)
    return min(max(float(between.trace()) ** 2 / of_square, 1.0), float(width))


def _square(moments: Moments) -> FloatArray:
    width = len(moments.sums)
    upper = np.zeros((width, width))
    upper[np.triu_indices(width)] = moments.products
    whole: FloatArray = upper + np.triu(upper, 1).T
    return whole
