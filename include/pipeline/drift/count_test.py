"""Whether counts by bin are alike: Pearson's chi-squared test, and the PSI."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from include.domain.drift.bins import population_stability_index
from include.pipeline.drift.scatter import NO_DIFFERENCE, Difference, Scatter, upper_tail

FloatArray = NDArray[np.float64]


def compare_counts(
    reference: Sequence[Sequence[int]], current: Sequence[int], current_days: int
) -> Difference:
    """Compare documents by bin.

    Args:
        reference: one row a day.
        current: all days together.
        current_days: how many those are.
    """
    days = np.array([row for row in reference if sum(row)], dtype=np.float64)
    now = np.array(current, dtype=np.float64)
    used = (days.sum(axis=0) + now) > 0
    days, now = days[:, used], now[used]
    before: FloatArray = days.sum(axis=0)
    freedom = len(now) - 1
    if freedom < 1:
        return NO_DIFFERENCE
    scatter = Scatter.estimated(
        _homogeneity(days), (len(days) - 1) * freedom, float(days.sum(axis=1).mean())
    )
    n_before = scatter.effective_reference(float(before.sum()), len(days))
    n_now = scatter.effective(float(now.sum()), current_days)
    weighed = np.stack([before * n_before / before.sum(), now * n_now / now.sum()])
    index = population_stability_index([int(x) for x in before], [int(x) for x in now])
    # Under no difference the index is freedom * (1/n + 1/m) on average (Yurdakul, Naranjo, 2020).
    return Difference(
        effect=max(0.0, index - freedom * (1 / n_before + 1 / n_now)),
        p_value=upper_tail(_homogeneity(weighed) / freedom, freedom, scatter.freedom),
    )


def _homogeneity(table: FloatArray) -> float:
    """Pearson's statistic of rows that share one distribution."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0) / table.sum())
    return float(((table - expected) ** 2 / np.where(expected > 0, expected, 1)).sum())
