"""A scenario's fleet under its traffic; instances come and go as `simulation.replicas` has it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from include.domain.errors import ScenarioRefused
from include.domain.simulation.replica_terms import ReplicaTerms
from include.domain.simulation.replicas import Replicas
from include.domain.what_if.scenario import Arrival, Scenario

MOST_INTERRUPTIONS = 1000
"""Of one batch: one that is taken away so often loses more than it gains, and may never end."""


@dataclass(frozen=True, slots=True)
class FleetRun:
    """What became of the traffic.

    Attributes:
        latencies_s: from arrival to the last document, in the order of arrivals.
        misses: arrivals that took longer than their deadline.
        changes: when billed instances came and went, in seconds; see `Purchase.cost_usd`.
        ended_s: when the last instance went or the last batch was done, since the first arrival.
        useful_s: instance seconds of work that had not to be done again.
        starting_s: instance seconds of billed starts.
    """

    latencies_s: tuple[float, ...]
    misses: int
    changes: tuple[tuple[float, int], ...]
    ended_s: float
    useful_s: float
    starting_s: float

    @property
    def billed_s(self) -> float:
        """Instance seconds in all."""
        return -sum(at_s * change for at_s, change in self.changes)

    @property
    def peak(self) -> int:
        """Most instances at once."""
        sums = itertools.accumulate(change for _, change in sorted(self.changes))
        return max(sums, default=0)


@dataclass(slots=True)
class Fleet:
    """A simulation; made anew for each run."""

    scenario: Scenario
    arrivals: Sequence[Arrival]
    _origin: datetime = field(init=False)
    _random: Random = field(init=False)

    def run(self, until: datetime | None = None) -> FleetRun:
        """Serve every arrival; then stop what is left.

        Args:
            until: the fleet is kept so long at the least; until the last arrival when None.

        Raises:
            ValueError: there is no arrival.
            ScenarioRefused: spot takes instances away so often that a batch is not done.
        """
        if not self.arrivals:
            raise ValueError("no traffic")
        ordered = sorted(self.arrivals, key=lambda each: each.at)
        self.arrivals, self._origin = ordered, ordered[0].at
        self._random = Random(self.scenario.seed)  # noqa: S311
        horizon_s = self._seconds(max(until or self._origin, ordered[-1].at))
        replicas = Replicas(self._terms(), self._work_s, self._alone_s, horizon_s)
        for number, arrival in enumerate(ordered):
            replicas.offer(number, self._seconds(arrival.at))
        replicas.open()
        done_s = {each.job: each.done_s for each in replicas.advance()}
        ended_s = max(replicas.now_s, horizon_s)
        replicas.close(ended_s)
        latencies_s = tuple(
            done_s[number] - self._seconds(arrival.at) for number, arrival in enumerate(ordered)
        )
        return FleetRun(
            latencies_s,
            sum(
                arrival.deadline_s is not None and latency_s > arrival.deadline_s
                for arrival, latency_s in zip(ordered, latencies_s, strict=True)
            ),
            tuple(replicas.changes),
            ended_s,
            sum(self._alone_s(number) for number in range(len(ordered))),
            replicas.starting_s,
        )

    def _terms(self) -> ReplicaTerms:
        scenario = self.scenario

        def next_change(at_s: float) -> float | None:
            if scenario.quiet is None:
                return None
            return self._seconds(scenario.quiet.next_change(self._moment(at_s)))

        return ReplicaTerms(
            cold_start_s=scenario.cold_start_s,
            start_billed=scenario.start_billed,
            idle_s=scenario.idle_s,
            patience_s=scenario.patience_s,
            max_replicas=scenario.max_replicas,
            kept=lambda at_s: scenario.kept(self._moment(at_s)),
            next_change=next_change,
        )

    def _alone_s(self, number: int) -> float:
        """Return how long a batch takes that nothing disturbs."""
        return self.arrivals[number].tokens / self.scenario.tokens_per_s

    def _work_s(self, number: int) -> float:
        """Return how long an instance works on a batch, interruptions included."""
        left_s, spent_s = self._alone_s(number), 0.0
        spot = self.scenario.spot
        if spot is None or spot.interruptions_per_h <= 0:
            return left_s
        for _ in range(MOST_INTERRUPTIONS):
            until_s = self._random.expovariate(spot.interruptions_per_h / 3600)
            if until_s >= left_s:
                return spent_s + left_s
            lost_s = min(until_s, until_s % spot.checkpoint_s if spot.checkpoint_s else until_s)
            spent_s += until_s + self.scenario.cold_start_s
            left_s -= until_s - lost_s
        raise ScenarioRefused(
            f"{self.scenario.name}: a batch is not done after {MOST_INTERRUPTIONS:,} interruptions "
            "on spot: write checkpoints more often than instances are taken away"
        )

    def _seconds(self, at: datetime) -> float:
        return (at - self._origin).total_seconds()

    def _moment(self, at_s: float) -> datetime:
        return self._origin + timedelta(seconds=at_s)
