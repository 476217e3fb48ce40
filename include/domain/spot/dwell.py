"""How long spot capacity stays, and stays away: hazards that fall with age, learnt as one goes.

The chance that a run ends in the next second falls about as one over its age: what has lasted will
last. A run of age `a` is given the hazard `c / (a + a0)`, which makes its length Lomax (Pareto II)
distributed. `c` is learnt by Bayes' rule: with a gamma prior it stays gamma, and what is needed of
the runs seen is how many ended, and the sum of `seconds / (age + a0)` over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log

from include.domain.spot.memory import AGE_EDGES_S, Dwell, SpotMemory

AGE_OFFSET_S = 600.0
"""`a0`: below it the hazard is flat; the probe interval of the traces it was fitted on."""

SETTLED_S = 480.0
"""What is there, or gone, is taken to stay so for this long at least."""

_MIDDLES_S = (
    30.0,
    *((low + high) / 2 for low, high in pairwise(AGE_EDGES_S)),
    AGE_EDGES_S[-1] * 1.5,
)
_WEIGHTS = tuple(
    1 / (middle + AGE_OFFSET_S) if middle > SETTLED_S else 0.0 for middle in _MIDDLES_S
)


GRID = tuple(0.1 * 1.5**i for i in range(11))
"""Hazards `c` that plans are made for."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is taken for granted before anything was seen, as if so many runs had ended already.

    Attributes:
        up: hazard `c` of spot going away.
        down: hazard `c` of spot coming back.
        runs: how many runs of each kind this belief is worth.
    """

    up: float = 0.6
    down: float = 1.0
    runs: float = 4.0


@dataclass(frozen=True, slots=True)
class DwellModel:
    """Hazards of the two kinds of run.

    Attributes:
        up: `c` of spot going away.
        down: `c` of spot coming back.
    """

    up: float
    down: float

    @staticmethod
    def learnt(belief: Belief, *memories: SpotMemory) -> DwellModel:
        """The expected hazards after all that was seen, each as the nearest of the `GRID`."""
        up = expected_hazard(belief.up, belief.runs, *(memory.up for memory in memories))
        down = expected_hazard(belief.down, belief.runs, *(memory.down for memory in memories))
        return DwellModel(_nearest(up), _nearest(down))


def survival(hazard: float, age_s: float, seconds: float) -> float:
    """Chance that a run of this age lasts so many seconds more."""
    now = max(age_s, SETTLED_S) + AGE_OFFSET_S
    then = max(age_s + seconds, SETTLED_S) + AGE_OFFSET_S
    return float((now / then) ** hazard)


def expected_hazard(prior: float, prior_runs: float, *runs: Dwell) -> float:
    """Mean of `c` after runs seen, from a gamma prior of this mean worth `prior_runs` runs."""
    ends, exposure = prior_runs, prior_runs / prior
    for dwell in runs:
        ends += sum(dwell.ends)
        exposure += sum(s * w for s, w in zip(dwell.exposure_s, _WEIGHTS, strict=True) if s)
    return ends / exposure


def _nearest(hazard: float) -> float:
    return GRID[max(0, min(len(GRID) - 1, round(log(hazard / GRID[0]) / log(1.5))))]
