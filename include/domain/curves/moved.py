"""Whether a lane still does what was learned: its newest batches against the others' curve.

Each new batch's deviation from the curve becomes a normal score, through the tail that batches'
times follow (see `tails`), so that a straggler counts for no more than it should. Their mean is
compared with what chance would give: its own spread and the doubt of the curve, which is the same
for all of them. Two tests a curve, seconds and billed seconds, share the error (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median

from include.domain.curves.belief import Belief
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import CurveKey, LaneObservation
from include.domain.curves.tails import exceedance

NEWEST = 10
"""Batches that are compared; `LEAST_NEW` of them must have gone well."""
LEAST_NEW = 5
LEAST_KNOWN = 10
"""Batches that a curve must rest on: below, it is the lanes file that was wrong, not the lane."""

CHANCE = 1e-4
"""At most so often chance alone looks like this."""
LEAST_RATIO = 1.2
"""A smaller change is no news, however sure."""

_NORMAL = NormalDist()
_LEAST_TAIL = 1e-3
"""No single batch says more than this: one straggler must not hide that the others are quick."""


@dataclass(frozen=True, slots=True)
class Move:
    """A curve that has moved.

    Attributes:
        what: "seconds" or "billed seconds".
        ratio: of the newest batches' median over what the curve expects.
        batches: newest ones that it rests on.
        known: batches that the curve rests on.
        chance: probability of a deviation like this if nothing has changed.
    """

    key: CurveKey
    what: str
    ratio: float
    batches: int
    known: int
    chance: float


def move_of(assumed: LaneCurve, latest: Sequence[LaneObservation]) -> Move | None:
    """Return how a lane's newest batches differ from what the others taught, if they do.

    Args:
        assumed: the curve of the lanes file alone.
        latest: the lane's observations, newest first.
    """
    clean = [each for each in latest if each.key == assumed.key and each.is_undisturbed]
    new, known = clean[:NEWEST], clean[NEWEST:]
    if len(new) < LEAST_NEW or len(known) < LEAST_KNOWN:
        return None
    curve = assumed.learned(known)
    found = [
        _move("seconds", curve.latency, [(each.load.path, each.latency_s) for each in new]),
        _move("billed seconds", curve.billed, [(each.load.work, each.billed_s) for each in new]),
    ]
    moved = [
        Move(assumed.key, what, ratio, len(new), len(known), min(1.0, chance * len(found)))
        for what, ratio, chance in found
        if chance * len(found) < CHANCE and abs(math.log(ratio)) > math.log(LEAST_RATIO)
    ]
    return min(moved, key=lambda move: move.chance, default=None)


def _move(
    what: str, belief: Belief, batches: Sequence[tuple[Sequence[float], float]]
) -> tuple[str, float, float]:
    """Return how far seconds are off, and how likely chance does that."""
    rows = [(belief.seconds(features), features, seconds) for features, seconds in batches]
    scores = [_score((seconds / expected_s - 1) / belief.noise) for expected_s, _, seconds in rows]
    doubt = fmean(belief.doubt_s(features) / expected_s for expected_s, features, _ in rows)
    spread = math.sqrt(1 / len(rows) + (doubt / belief.noise) ** 2)
    chance = 2 * _NORMAL.cdf(-abs(fmean(scores)) / spread)
    return what, max(1e-9, median(s / expected_s for expected_s, _, s in rows)), chance


def _score(deviations: float) -> float:
    tail = min(1 - _LEAST_TAIL, max(_LEAST_TAIL, exceedance(deviations)))
    return -_NORMAL.inv_cdf(tail)
