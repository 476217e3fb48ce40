"""Watch the curves: post an alert for each that its lane no longer follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.moved import Move, move_of
from include.domain.lanes import LaneProfile
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.curves.learn_curves import KEPT
from include.pipeline.curves.ports import CurveBook


def watch_curves(
    *, profiles: Sequence[LaneProfile], now: datetime, book: CurveBook, alerts: AlertBook
) -> list[Move]:
    """Return the curves that have moved, each posted as an alert.

    A curve of hardware that the lanes file no longer names is left out.

    Raises:
        StoreError: the database does not answer.
    """
    by_lane = {profile.lane: profile for profile in profiles}
    moves = []
    for key in book.curve_keys():
        profile = by_lane.get(key.lane)
        if profile is None or profile.instance_type != key.instance_type:
            continue
        assumed = LaneCurve.assumed(profile, key.model_name)
        if move := move_of(assumed, book.latest(key, KEPT)):
            moves.append(move)
            alerts.post(_alert(move, now))
    return moves


def _alert(move: Move, now: datetime) -> Alert:
    key = move.key
    where = f"{key.lane.value} on {key.instance_type} with {key.model_name}"
    return Alert(
        kind=AlertKind.CURVE_MOVED,
        subject=f"{key.model_name}/{key.lane.value}/{key.instance_type}",
        title=f"{where} takes {move.ratio:.2f} times what it did",
        detail=(
            f"The newest {move.batches} batches take {move.ratio:.2f} times the {move.what} that "
            f"the {move.known} before them taught; by chance alone in {move.chance:.1e} of cases."
        ),
        next_step=(
            "Look at the lane's instances and the model's version; run calibrate_lanes for the "
            "lane to learn the new curve at once."
        ),
        at=now,
    )
