"""The jobs that policies are tried on, after the grid of "Can't Be Late" (NSDI 2024).

6.1: computation of 48 h, deadlines with job fractions `C(0) / R(0)` above 0.6, changeovers of
0.2 h unless noted, 300 random starts a trace. Figure 6a names deadlines of 52 to 92 h; Table 4
changeovers of 0.2 and 0.3 h and spot discounts of 55, 67 and 91 %, that is price ratios of 2.2, 3
and 11. The delays of figure 13 are not in the text: 0.05 h is taken from the problem set that
others derived from the authors' simulator (Frontier-CS, cant_be_late), 0.1 h lies between. Starts
are spread evenly here instead of drawn, and are fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.domain.spot.terms import SpotTerms

WORK_S = 48 * 3600
DEADLINES_H = (52, 56, 60, 68, 80)
CHANGEOVERS_H = (0.05, 0.1, 0.2, 0.3)
PRICE_RATIOS = (2.2, 3.0, 11.0)


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One kind of job.

    Attributes:
        deadline_h: hours from start to deadline.
        changeover_h: hours that each start takes.
        price_ratio: on demand over spot.
    """

    deadline_h: int
    changeover_h: float
    price_ratio: float

    @property
    def fraction(self) -> float:
        """The paper's job fraction: computation over time to the deadline."""
        return WORK_S / 3600 / self.deadline_h

    def terms(self, gap_s: int) -> SpotTerms:
        """The job, decided on each `gap_s`."""
        return SpotTerms(
            work_s=WORK_S,
            deadline_s=self.deadline_h * 3600,
            changeover_s=round(self.changeover_h * 3600),
            price_ratio=self.price_ratio,
            step_s=gap_s,
        )


def full_grid() -> list[Cell]:
    """Every deadline with every changeover and every price ratio."""
    return [Cell(d, c, p) for d in DEADLINES_H for c in CHANGEOVERS_H for p in PRICE_RATIOS]


def small_grid() -> list[Cell]:
    """The grid's middle, for what is tried beside the real traces."""
    return [Cell(d, c, 3.0) for d in (52, 60, 80) for c in (0.05, 0.2)]
