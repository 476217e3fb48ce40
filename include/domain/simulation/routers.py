"""Routers for the simulator: ours, as the product runs it, and fixed rules to compare it with."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence

from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import LaneObservation
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import MAX_MISS, Placement, place
from include.domain.simulation.arrivals import Arrival
from include.domain.simulation.lanes import SimulatedLane
from include.domain.simulation.run import Choice

KEPT = 200
"""The latest batches a lane that a curve is fitted to."""

REFIT = 5
"""A curve is fitted anew when this many times its new batches are more than all it has."""

EXPLORATION_SHARE = 0.02
"""Of the expected cost of all placements, this much may be spent to learn."""


class FixedRule:
    """A rule that learns nothing.

    Args:
        rule: names the lane for a batch.
        profiles: what the lanes file says, for the time that instances are held.
    """

    def __init__(
        self, rule: Callable[[Arrival], Lane], profiles: Mapping[Lane, LaneProfile]
    ) -> None:
        self._rule = rule
        self._profiles = profiles

    def choose(
        self, batch: Arrival, waits: Mapping[Lane, float], warm: Collection[Lane] = ()
    ) -> Choice:
        """Follow the rule, on one instance."""
        lane = self._rule(batch)
        return Choice(lane, 1, self._profiles[lane].latency_s(batch.tokens))

    def observe(self, observation: LaneObservation) -> None:
        """Learn nothing."""


class LanesFileRouter:
    """The router without curves: each lane is taken at its profile's word."""

    def __init__(self, profiles: Sequence[LaneProfile]) -> None:
        self._profiles = profiles

    def choose(
        self, batch: Arrival, waits: Mapping[Lane, float], warm: Collection[Lane] = ()
    ) -> Choice:
        """Place the batch."""
        return _choice(
            place(
                documents=batch.documents,
                tokens=batch.tokens,
                time_left_s=batch.deadline_s,
                profiles=self._profiles,
                loading_s=batch.loading_s,
                wait_s=waits,
                warm=warm,
            ),
            waits,
        )

    def observe(self, observation: LaneObservation) -> None:
        """Learn nothing."""


class LearningRouter:
    """The product's router, with its curves refitted as batches end.

    Args:
        profiles: what the lanes file says.
        model_name: whose curves.
        exploration_share: of the expected cost so far, for trying lanes.

    Attributes:
        curves: what is believed now.
        explored_usd: expected cost of trying lanes, so far.
    """

    def __init__(
        self,
        profiles: Sequence[LaneProfile],
        model_name: str,
        *,
        max_miss: float = MAX_MISS,
        exploration_share: float = EXPLORATION_SHARE,
    ) -> None:
        self._profiles = profiles
        self._assumed = {p.lane: LaneCurve.assumed(p, model_name) for p in profiles}
        self._seen: dict[Lane, deque[LaneObservation]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._news: dict[Lane, int] = defaultdict(int)
        self._max_miss = max_miss
        self._share = exploration_share
        self._spent_usd = 0.0
        self.explored_usd = 0.0
        self.curves = dict(self._assumed)

    def choose(
        self, batch: Arrival, waits: Mapping[Lane, float], warm: Collection[Lane] = ()
    ) -> Choice:
        """Place the batch."""
        for lane, count in self._news.items():
            if count * REFIT > len(self._seen[lane]):
                self.curves[lane] = self._assumed[lane].learned(self._seen[lane])
                self._news[lane] = 0
        placement = self.placed(batch, waits, warm)
        self._spent_usd += placement.list_cost_usd
        self.explored_usd += placement.exploration_usd
        return _choice(placement, waits)

    def placed(
        self, batch: Arrival, waits: Mapping[Lane, float], warm: Collection[Lane] = ()
    ) -> Placement:
        """Return the placement alone."""
        return place(
            documents=batch.documents,
            tokens=batch.tokens,
            time_left_s=batch.deadline_s,
            profiles=self._profiles,
            loading_s=batch.loading_s,
            curves=self.curves,
            wait_s=waits,
            warm=warm,
            max_miss=self._max_miss,
            explore_usd=self._share * self._spent_usd - self.explored_usd,
        )

    def observe(self, observation: LaneObservation) -> None:
        """Keep it for the next placement."""
        lane = observation.key.lane
        self._seen[lane].append(observation)
        self._news[lane] += 1


class InformedRouter(LearningRouter):
    """The product's router, told what each lane truly does but not the luck of any batch.

    Args:
        lanes: what the batches meet.
    """

    def __init__(self, lanes: Sequence[SimulatedLane]) -> None:
        model_name = lanes[0].truth.key.model_name
        super().__init__([lane.profile for lane in lanes], model_name)
        self.curves = {lane.profile.lane: lane.truth.sure for lane in lanes}

    def observe(self, observation: LaneObservation) -> None:
        """Learn nothing."""


def _choice(placement: Placement, waits: Mapping[Lane, float]) -> Choice:
    held_s = placement.latency_s - waits.get(placement.lane, 0.0)
    return Choice(placement.lane, placement.instance_count, held_s)
