"""Learn: fit the curves of the lanes that a batch was on; and tell the router what is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import LaneObservation
from include.domain.lanes import Lane, LaneProfile
from include.pipeline.curves.ports import CurveBook

KEPT = 200
"""The latest batches that a curve is fitted to: a lane that has changed is known anew by then."""

EXPLORATION_DAYS = 7


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the router is told.

    Attributes:
        curves: a lane each; as the lanes file has it where no batch was seen.
        explore_usd: what may be spent on a placement to learn.
    """

    curves: Mapping[Lane, LaneCurve]
    explore_usd: float = 0.0


def learn_curves(
    observations: Sequence[LaneObservation], *, profiles: Sequence[LaneProfile], book: CurveBook
) -> None:
    """Keep observations and fit the curves they belong to, from the lanes file on.

    A repetition leaves the same curves. An observation of hardware that the lanes file no longer
    names is kept, and no curve is made of it.
    """
    book.observe(observations)
    by_lane = {profile.lane: profile for profile in profiles}
    for key in dict.fromkeys(each.key for each in observations):
        profile = by_lane.get(key.lane)
        if profile is not None and profile.instance_type == key.instance_type:
            assumed = LaneCurve.assumed(profile, key.model_name)
            book.keep(assumed.learned(book.latest(key, KEPT)))


def curves_before(
    moment: datetime, model_name: str, *, profiles: Sequence[LaneProfile], book: CurveBook
) -> list[LaneCurve]:
    """Return the curves as they would have been at a moment, fitted from the lanes file on."""
    assumed = [LaneCurve.assumed(profile, model_name) for profile in profiles]
    return [each.learned(book.latest(each.key, KEPT, before=moment)) for each in assumed]


def known_of(
    model_name: str,
    *,
    profiles: Sequence[LaneProfile],
    exploration_share: float,
    now: datetime,
    book: CurveBook,
) -> Knowledge:
    """Return what is believed of every lane for a model, and the budget to learn more.

    Args:
        exploration_share: of the expected cost of the last week's placements; 0 for no budget.
    """
    learned = {curve.key: curve for curve in book.curves(model_name)}
    assumed = [LaneCurve.assumed(profile, model_name) for profile in profiles]
    curves = {curve.key.lane: learned.get(curve.key, curve) for curve in assumed}
    if not exploration_share:
        return Knowledge(curves)
    spent = book.exploration(now - timedelta(days=EXPLORATION_DAYS))
    return Knowledge(curves, spent.left_usd(exploration_share))
