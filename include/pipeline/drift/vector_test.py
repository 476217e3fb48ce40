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


def compare_vectors(reference: Sequence[Sample], current: Sample, current_days: int) -> Difference:
    """Compare documents' vectors.

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
    inverse = np.linalg.pinv(
        (
            sum((_square(moments) for _, moments in reference), start=_square(current[1]))
            - n_before * np.outer(mean_before, mean_before)
            - n_now * np.outer(mean_now, mean_now)
        )
        / freedom,
        hermitian=True,
        rcond=1e-9,
    )
    width = int(np.linalg.matrix_rank(inverse, hermitian=True))
    below = freedom - width + 1
    if not width or below <= 0:
        return NO_DIFFERENCE
    shifts = sums / counts[:, None] - mean_before
    between = float((counts * np.einsum("di,ij,dj->d", shifts, inverse, shifts)).sum())
    scatter = Scatter.estimated(between, (len(counts) - 1) * width, float(counts.mean()))
    effective_before = scatter.effective_reference(n_before, len(counts))
    effective_now = scatter.effective(n_now, current_days)
    pairs = effective_before * effective_now / (effective_before + effective_now)
    distance = float((mean_now - mean_before) @ inverse @ (mean_now - mean_before))
    return Difference(
        effect=max(0.0, distance * below / freedom - width / pairs),
        p_value=upper_tail(
            pairs * distance * below / (width * freedom), width, min(below, scatter.freedom)
        ),
    )


def _square(moments: Moments) -> FloatArray:
    width = len(moments.sums)
    upper = np.zeros((width, width))
    upper[np.triu_indices(width)] = moments.products
    whole: FloatArray = upper + np.triu(upper, 1).T
    return whole
