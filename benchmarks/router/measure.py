"""One trace in one world under every router: costs, late batches, and how long a decision takes."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.router.rules import (
    Rule,
    always_cpu,
    always_gpu,
    best_thresholds,
    fixed_threshold,
    shared_endpoint,
)
from benchmarks.router.worlds import MODEL
from include.domain.curves.observation import LaneObservation
from include.domain.lanes import Lane, LaneProfile
from include.domain.simulation.arrivals import Arrival
from include.domain.simulation.clairvoyant import least_costs
from include.domain.simulation.lanes import SimulatedLane
from include.domain.simulation.outcome import Outcome
from include.domain.simulation.routers import (
    FixedRule,
    InformedRouter,
    LanesFileRouter,
    LearningRouter,
)
from include.domain.simulation.run import Choice, Router, simulate

REPEATS = 3

NOTHING_SEEN = "ours, nothing seen before"
"""The router from the lanes file on, where "ours" starts with batches that were seen."""

INFORMED = "told what lanes truly do, but no batch's luck"
"""Our router with nothing to learn: what it costs over the bound is luck, which nobody knows."""

OURS_SHARED = "ours, with the asynchronous endpoint"
ALL_SHARED = "the asynchronous endpoint for all that serverless does not take"
"""Routers that have a lane which is no part of the clairvoyant's bound."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a router made of a trace.

    Attributes:
        cost_usd: list cost.
        late: batches whose results came after their deadline.
        lanes: batches by lane.
    """

    cost_usd: float
    late: int
    lanes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Measured:
    """One trace in one world.

    Attributes:
        traffic: name of the traffic.
        least_usd: the clairvoyant's bound.
        unavoidable: batches that no lane would have had in time.
        scores: by router.
        decision_s: seconds of each of the learning router's decisions.
        explored_usd: what it expected to spend on trying lanes.
    """

    traffic: str
    seed: str
    batches: int
    least_usd: float
    unavoidable: int
    scores: Mapping[str, Score]
    decision_s: Sequence[float]
    explored_usd: float


class Timed(LearningRouter):
    """The learning router, each decision timed.

    Refitting is left out: the product does not do it while it decides. Each decision is taken
    three times and the shortest counts: what else runs on the machine is not the router's time.
    """

    def __init__(self, profiles: Sequence[LaneProfile]) -> None:
        super().__init__(profiles, MODEL)
        self.decision_s: list[float] = []

    def choose(
        self, batch: Arrival, waits: Mapping[Lane, float], warm: Collection[Lane] = ()
    ) -> Choice:
        """Place the batch, and again by the clock."""
        choice = super().choose(batch, waits, warm)
        self.decision_s.append(min(self._once(batch, waits, warm) for _ in range(REPEATS)))
        return choice

    def _once(self, batch: Arrival, waits: Mapping[Lane, float], warm: Collection[Lane]) -> float:
        began = time.perf_counter()
        self.placed(batch, waits, warm)
        return time.perf_counter() - began


def measure(
    traffic: str,
    arrivals: Sequence[Arrival],
    lanes: Mapping[Lane, SimulatedLane],
    shared: Mapping[Lane, SimulatedLane],
    seed: str,
    seen: Sequence[LaneObservation] = (),
) -> Measured:
    """Replay the trace under every router, on the same luck.

    Args:
        lanes: what the clairvoyant and most routers have.
        shared: lanes that batches share. The bound would be loose with them: it would find every
            instance already paid for.
        seen: batches that our router knows of when the trace begins, the oldest first.
    """
    profiles = [lane.profile for lane in lanes.values()]
    everything = {**lanes, **shared}
    every_profile = [lane.profile for lane in everything.values()]
    by_lane = {profile.lane: profile for profile in every_profile}

    def fixed(rule: Rule) -> Score:
        return _score(arrivals, everything, FixedRule(rule, by_lane), seed)

    ours, ours_shared = Timed(profiles), LearningRouter(every_profile, MODEL)
    for each in seen:
        ours_shared.observe(each)
        if each.key.lane in lanes:
            ours.observe(each)
    scores = {
        "ours": _score(arrivals, lanes, ours, seed),
        INFORMED: _score(arrivals, lanes, InformedRouter(list(lanes.values())), seed),
        "lanes file alone": _score(arrivals, lanes, LanesFileRouter(profiles), seed),
        "fixed threshold": fixed(fixed_threshold(lanes)),
        "best thresholds in hindsight": min(
            (fixed(rule) for rule in best_thresholds(lanes)),
            key=lambda score: (score.late, score.cost_usd),
        ),
        "always CPU": fixed(always_cpu(lanes)),
        "always GPU": fixed(always_gpu(lanes)),
        OURS_SHARED: _score(arrivals, everything, ours_shared, seed),
        ALL_SHARED: fixed(shared_endpoint(lanes)),
    }
    if seen:
        new = LearningRouter(profiles, MODEL)
        scores[NOTHING_SEEN] = _score(arrivals, lanes, new, seed)
    least = least_costs(arrivals, lanes, luck=seed)
    return Measured(
        traffic,
        seed,
        len(arrivals),
        sum(each.list_cost_usd for each in least),
        sum(each.is_late for each in least),
        scores,
        ours.decision_s,
        ours.explored_usd,
    )


def _score(
    arrivals: Sequence[Arrival], lanes: Mapping[Lane, SimulatedLane], router: Router, seed: str
) -> Score:
    outcomes = simulate(arrivals, lanes, router, luck=seed)
    return Score(
        sum(each.list_cost_usd for each in outcomes),
        sum(each.is_late for each in outcomes),
        _by_lane(outcomes),
    )


def _by_lane(outcomes: Sequence[Outcome]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in outcomes:
        counts[each.lane.value] = counts.get(each.lane.value, 0) + 1
    return counts
