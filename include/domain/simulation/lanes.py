"""What a simulated lane does to a batch: its curve, and the luck of that batch there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from include.domain.curves.lane_curve import REDONE_SHARE, LaneCurve
from include.domain.curves.observation import Load
from include.domain.lanes import LaneProfile

SAFETY = 1.2
"""After an interruption a spot job goes on demand when less than this many times what it still
needs is left."""


@dataclass(frozen=True, slots=True)
class SimulatedLane:
    """A lane as it truly is, which no router is told.

    Attributes:
        profile: its price and limits; its times are only what a router is told.
        truth: its times and risks; their doubt is not used.
        capacity: instances (serverless: batches) at once; more wait.
        straggler_share: batches that take `straggler_factor` times as long.
        is_shared: instances stay for the batches that follow, as an asynchronous endpoint's do:
            they start when a batch waits longer than a start takes, and go after the profile's
            tail. A batch is on one of them; the profile has no more for it.
    """

    profile: LaneProfile
    truth: LaneCurve
    capacity: int
    straggler_share: float = 0.0
    straggler_factor: float = 1.0
    is_shared: bool = False

    @property
    def start_s(self) -> float:
        """Seconds that a start takes."""
        return self.truth.latency.seconds((1.0, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Course:
    """How a batch fares on a lane, from when it has capacity.

    Attributes:
        latency_s: to its last document.
        billed_s: instance seconds at the price on demand.
        held_s: seconds in which an instance could have been taken away.
    """

    latency_s: float
    billed_s: float
    is_failed: bool
    interruptions: int
    held_s: float


def course(lane: SimulatedLane, load: Load, *, time_left_s: float, luck: str) -> Course:
    """Return how a batch fares.

    Args:
        time_left_s: what a spot job that was interrupted decides by.
        luck: the same batch on the same lane has the same, whoever sends it there.
    """
    random = Random(luck)  # noqa: S311
    truth = lane.truth
    factor = math.exp(random.gauss(0.0, truth.latency.noise))
    if random.random() < lane.straggler_share:
        factor *= lane.straggler_factor
    clean_s = truth.latency.seconds(load.path) * factor
    billed_s = truth.billed.seconds(load.work) * factor
    fails = random.random() < truth.failure_share
    if fails:
        lost = 2 * REDONE_SHARE * random.random()
        clean_s, billed_s = clean_s * (1 + lost), billed_s * (1 + lost)
    rate = truth.interruptions_per_s * load.instances
    if not rate:
        return Course(clean_s, billed_s, fails, 0, 0.0)
    return _on_spot(lane, clean_s, billed_s, fails, rate, time_left_s, random)


def _on_spot(
    lane: SimulatedLane,
    clean_s: float,
    billed_s: float,
    fails: bool,
    rate: float,
    time_left_s: float,
    random: Random,
) -> Course:
    """Interruptions come at random; each costs another start, and may drive the job off spot."""
    start_s = lane.start_s
    start_billed_s = lane.truth.billed.seconds((1.0, 0.0, 0.0))
    full = lane.profile.on_demand_price_usd_per_h / max(lane.profile.price_usd_per_h, 1e-12)
    passed_s = billed = 0.0
    left_s, left_billed = clean_s, billed_s
    interruptions = 0
    while True:
        run_s = random.expovariate(rate)
        if run_s >= left_s:
            held_s = passed_s + left_s
            return Course(held_s, billed + left_billed, fails, interruptions, held_s)
        interruptions += 1
        done = run_s / left_s
        passed_s, billed = passed_s + run_s, billed + left_billed * done
        left_s, left_billed = left_s * (1 - done) + start_s, left_billed * (1 - done)
        left_billed += start_billed_s
        if time_left_s - passed_s < SAFETY * left_s:
            total_s = passed_s + left_s
            return Course(total_s, billed + left_billed * full, fails, interruptions, passed_s)
