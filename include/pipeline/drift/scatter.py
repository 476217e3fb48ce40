"""How much days of one account differ, and what that makes of a test.

Documents of one day are no independent draws: a day has its topics. How much days of the reference
differ beyond chance gives an intraclass correlation, and by it each sample counts for fewer
documents (Kish, 1965: the design effect 1 + (m - 1) rho; Rao and Scott, 1981).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import chdtrc, fdtrc


@dataclass(frozen=True, slots=True)
class Difference:
    """How two samples differ in one feature.

    Attributes:
        effect: PSI, or its equal for vectors, less what chance alone would bring; 0 or more.
        p_value: of so great a difference, were there none.
    """

    effect: float
    p_value: float


NO_DIFFERENCE = Difference(0.0, 1.0)

ASSUMED_CORRELATION = 0.02
"""Of documents of one day, where days of the account are not known yet. An account whose shares of
four topics vary by six points from day to day has it (Dirichlet of concentration 50)."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """How days of one source differ.

    Attributes:
        correlation: of documents of one day; 0 where days differ no more than chance lets them.
        freedom: degrees of freedom it is known by; infinite where it is assumed.
    """

    correlation: float = ASSUMED_CORRELATION
    freedom: float = math.inf

    @classmethod
    def estimated(cls, statistic: float, freedom: int, documents_a_day: float) -> Scatter:
        """Estimate it from a test of the days' homogeneity.

        Args:
            statistic: the test's; `freedom` on average where documents are independent.
            freedom: its degrees of freedom; 0 where there is one day alone.
        """
        if freedom <= 0 or documents_a_day <= 1:
            return cls()
        inflation = statistic / freedom
        return cls(max(0.0, (inflation - 1) / (documents_a_day - 1)), freedom)

    def effective_reference(self, documents: float, days: int) -> float:
        """Return how many independent documents the reference is worth.

        Where it is one sample and no days of an account, its documents are independent.
        """
        return documents if math.isinf(self.freedom) else self.effective(documents, days)

    def effective(self, documents: float, days: int) -> float:
        """Return how many independent documents a sample of an account's days is worth."""
        return documents / (1 + max(0.0, documents / days - 1) * self.correlation)


def upper_tail(statistic: float, freedom: float, of_variance: float) -> float:
    """Return the probability of a greater F.

    Args:
        statistic: mean square over its expectation.
        freedom: degrees of freedom above.
        of_variance: those below; where infinite, it is a chi-squared over its own.
    """
    if math.isinf(of_variance):
        return float(chdtrc(freedom, statistic * freedom))
    return float(fdtrc(freedom, of_variance, statistic))
