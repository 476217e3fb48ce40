"""How surely the mean of bounded observations lies above a bound, however often one looks.

Testing by betting (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
betting", Journal of the Royal Statistical Society B 86(1), 2024; arXiv:2010.09686). Against the
claim "the mean of x, 0 <= x <= 1, is at most m" one unit is bet: a stake c of what is held, on each
observation, multiplies it by 1 + c (x / m - 1). Where the claim holds, the holding is a nonnegative
supermartingale, so it ever exceeds 1 / level with probability level at most (Ville's inequality,
1939): there is no penalty for looking after every document and stopping when one likes. The unit is
spread over several stakes (the method of mixtures), so none has to be chosen.

Observations here take three values, -1, 0 and 1, hence what is held depends on their counts
alone: not on their order, and not on a state that would have to be kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

STAKES = tuple(0.9 * 2.0**-half for half in range(10))
"""Shares of the holding that are bet, from 0.9 down to 0.0018: the small ones for rare events."""

_BISECTIONS = 30
_EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class Counts:
    """Observations of -1, 0 and 1.

    Attributes:
        lower: those of -1.
        equal: those of 0.
        higher: those of 1.
    """

    lower: int = 0
    equal: int = 0
    higher: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.lower + self.equal + self.higher

    @property
    def mean(self) -> float:
        """Their mean, -1 to 1; 0 without any."""
        return (self.higher - self.lower) / self.total if self.total else 0.0

    def mirrored(self) -> Counts:
        """Return the same observations with the other sign."""
        return Counts(self.higher, self.equal, self.lower)


def log_evidence(counts: Counts, at_most: float) -> float:
    """Return the natural logarithm of the evidence against "the mean is at most `at_most`".

    Args:
        at_most: the claimed bound, above -1 and below 1.

    Raises:
        ValueError: the bound lies outside.
    """
    if not -1 < at_most < 1:
        raise ValueError(f"a bound of {at_most} is not within -1 and 1")
    held = [
        counts.lower * lost + counts.equal * even + counts.higher * won
        for lost, even, won in growth(at_most)
    ]
    most = max(held)
    return most + math.log(sum(math.exp(each - most) for each in held) / len(held))


@cache
def growth(at_most: float) -> tuple[tuple[float, float, float], ...]:
    """Return, for each stake, how the logarithm of its holding grows with -1, 0 and 1."""
    mean = (1 + at_most) / 2
    return tuple(
        (
            math.log1p(-stake),
            math.log1p(stake * (0.5 / mean - 1)),
            math.log1p(stake * (1 / mean - 1)),
        )
        for stake in STAKES
    )


def is_above(counts: Counts, bound: float, *, level: float) -> bool:
    """Whether the mean is surely above a bound; wrong, ever, with probability `level` at most."""
    return log_evidence(counts, bound) >= -math.log(level)


def lower_bound(counts: Counts, *, level: float) -> float:
    """Return what the mean is surely above: a one-sided confidence sequence, -1 without evidence.

    It covers the mean at every number of observations at once with probability 1 - `level`.
    """
    low, high = -1.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if abs(middle) < 1 - _EDGE and is_above(counts, middle, level=level):
            low = middle
        else:
            high = middle
    return low


def interval(counts: Counts, *, level: float) -> tuple[float, float]:
    """Return a confidence sequence of the mean, each side at half the level."""
    return (
        lower_bound(counts, level=level / 2),
        -lower_bound(counts.mirrored(), level=level / 2),
    )
