"""The upper tail of Student's t, which batches' times have: most are near, some are far off."""

from __future__ import annotations

import math

DEGREES = 4.0
"""Degrees of freedom of batches' times, the customary choice for robust regression (Lange, Little,
Taylor, "Robust Statistical Modeling Using the t Distribution", JASA 84(408), 1989)."""


def exceedance(deviations: float) -> float:
    """Return the probability that a time lies so many scales above what is expected.

    Exact for four degrees of freedom.

    Args:
        deviations: may be infinite.
    """
    if math.isinf(deviations):
        return 0.0 if deviations > 0 else 1.0
    part = deviations / math.sqrt(4 + deviations * deviations)
    return min(1.0, max(0.0, 0.5 - 0.75 * part * (1 - part * part / 3)))
