"""Will a batch be in time: from what its lane's curve says and what is done of it so far.

The curve expects a pace. What is done so far is seen in whole shards, so the pace that was seen is
known between two bounds: all that is at work is done, or none of it. Where the expected pace lies
between them, nothing speaks against it; else the middle was seen, and before the first shard the
least that the silence says. Expected and seen pace are weighed by their doubt, the curve's as
Student's t has it (`include.domain.curves.tails`): a lane far off what is known of it is believed
to be off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import Load
from include.domain.curves.tails import DEGREES, exceedance

SHARD_NOISE = 0.3
"""Assumed relative scale of one shard's own deviation from its batch's pace; shards are cut to
equal tokens, so they are near each other."""

LOADING_NOISE = 0.5
"""Assumed relative scale of what loading takes: the stores are shared."""

LEAST_SPREAD_S = 1.0
"""No forecast is surer than this: tasks have pauses between them."""


@dataclass(frozen=True, slots=True)
class LaneWork:
    """How far a lane is with a batch.

    Attributes:
        load: the whole batch, and the instances it is spread over.
        done_tokens: of the shards whose output stands; `done_documents` likewise.
        at_work_tokens: of the shards that may be at work; `at_work_documents` likewise.
        done_shards: how many have their output.
        elapsed_s: since the batch was placed.
    """

    load: Load
    done_tokens: int
    done_documents: int
    at_work_tokens: int
    at_work_documents: int
    done_shards: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of a running batch.

    Attributes:
        left_s: seconds until both stores have every row.
        miss_probability: that this is behind the deadline.
        lane_left_s: the part of `left_s` that the lane takes; more instances share it.
        pace: seconds the lane takes for one that was expected; 1 where nothing else was seen.
        doubt: relative standard deviation of `lane_left_s`.
    """

    left_s: float
    miss_probability: float
    lane_left_s: float = 0.0
    pace: float = 1.0
    doubt: float = 0.0

    @property
    def lane_left_at_worst_s(self) -> float:
        """One standard deviation above what the lane is expected to take."""
        return self.lane_left_s * math.exp(self.doubt)


def forecast_lane(
    curve: LaneCurve, work: LaneWork, *, time_left_s: float, loading_s: float
) -> Forecast:
    """Forecast a batch that is on its lane.

    Args:
        time_left_s: to the deadline; negative behind it.
        loading_s: kept back for collecting and loading.
    """
    belief, load = curve.latency, work.load
    instances = load.instances

    def working_s(tokens: int, documents: int) -> float:
        if not tokens and not documents:
            return 0.0
        return belief.seconds((0.0, tokens / instances, documents / instances))

    start_s = belief.seconds((1.0, 0.0, 0.0)) if load.path[0] else 0.0
    all_s = working_s(load.tokens, load.documents)
    done_s = working_s(work.done_tokens, work.done_documents)
    near_s = working_s(
        work.done_tokens + work.at_work_tokens, work.done_documents + work.at_work_documents
    )
    worked_s = max(0.0, work.elapsed_s - start_s)
    least = worked_s / near_s if near_s else 0.0
    most = work.elapsed_s / done_s if done_s else math.inf
    seen = 1.0
    if not least <= 1.0 <= most:
        seen = max(worked_s, 1e-3) / ((done_s + near_s) / 2 if done_s else near_s)
    doubt = math.hypot(belief.noise, belief.doubt_s(load.path) / max(start_s + all_s, 1e-6))
    pace, spread = _weighed(seen, work.done_shards, doubt)
    left_s = max(pace * all_s - worked_s, pace * max(0.0, all_s - near_s))
    start_left_s = max(0.0, start_s - work.elapsed_s)
    lane_left_s = left_s + start_left_s
    spread = max(spread, belief.noise)
    spread_s = math.hypot(spread * left_s, doubt * start_left_s, LOADING_NOISE * loading_s)
    return Forecast(
        lane_left_s + loading_s,
        _late(time_left_s - lane_left_s - loading_s, spread_s),
        lane_left_s,
        pace,
        spread,
    )


def forecast_loading(loading_s: float, *, time_left_s: float) -> Forecast:
    """Forecast a batch that its lane is done with.

    Args:
        loading_s: expected for what is not in both stores yet.
    """
    return Forecast(loading_s, _late(time_left_s - loading_s, LOADING_NOISE * loading_s))


def _weighed(seen: float, shards: int, doubt: float) -> tuple[float, float]:
    """Return the pace between the expected one, 1, and the one seen; and its relative doubt.

    Paces are factors, so their logarithms are weighed.
    """
    if seen == 1.0:
        return 1.0, doubt
    far = math.log(seen)
    expected_weight = (DEGREES + 1) / (DEGREES + (far / doubt) ** 2) / doubt**2
    seen_weight = max(1, shards) / SHARD_NOISE**2
    total = expected_weight + seen_weight
    return math.exp(far * seen_weight / total), total**-0.5


def _late(spare_s: float, spread_s: float) -> float:
    return exceedance(spare_s / max(spread_s, LEAST_SPREAD_S))
