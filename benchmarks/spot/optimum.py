"""What the job costs at least, with the whole trace known: an exact dynamic program.

With work `C`, `m` changeovers of `d` and `o` seconds on demand, a schedule costs `C + m d +
(k - 1) o` in seconds of spot price, and it keeps the deadline when idle time and changeovers fit
into the slack, `R - C`. So it suffices to know, for each amount of slack used, the least `m d +
(k - 1) o`. Slack is counted in units of the greatest common divisor of the tick, the changeover,
the work and the deadlines: all lengths are whole numbers of it, so nothing is rounded. Switches
are free to fall on any unit, that is more often than the policies' ticks, which makes it a bound
for them. It goes from run to run of the trace: within a run, idling at its edge or all through is
as good as anywhere in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import gcd

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]


def optimal_costs(
    availability: Sequence[int],
    gap_s: int,
    work_s: int,
    deadlines_s: Sequence[int],
    changeover_s: int,
    price_ratio: float,
) -> list[float]:
    """The least cost for each deadline, in seconds at the spot price; infinite where impossible.

    Args:
        availability: 1 for each tick in which spot is to be had; reaches to the last deadline.
        gap_s: length of a tick.
        work_s: computation of the job.
        deadlines_s: rising; several for one price, since the program runs forwards in time.
        changeover_s: what each start takes.
        price_ratio: on demand over spot.
    """
    unit_s = gcd(gap_s, work_s, changeover_s, *deadlines_s)
    slack = (deadlines_s[-1] - work_s) // unit_s
    ends = [deadline // unit_s for deadline in deadlines_s]
    program = _Program(slack, changeover_s // unit_s, price_ratio - 1)
    best: list[float] = []
    now = 0
    for is_up, length in _runs(availability, gap_s // unit_s, ends):
        program.advance(bool(is_up), length)
        now += length
        while len(best) < len(ends) and now == ends[len(best)]:
            allowed = (deadlines_s[len(best)] - work_s) // unit_s
            best.append(work_s + float(program.least(allowed)) * unit_s)
    return best


def _runs(
    availability: Sequence[int], per_tick: int, ends: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Runs of equal availability in units, cut at the ends."""
    now = 0
    for available, ticks in groupby(availability):
        stop = now + per_tick * sum(1 for _ in ticks)
        for end in [*(end for end in ends if now < end < stop), min(stop, ends[-1])]:
            if end > now:
                yield available, end - now
                now = end
        if now >= ends[-1]:
            return


class _Program:
    """Least costs by slack used, for a job that is idle, on spot, or on demand."""

    def __init__(self, slack: int, changeover: int, premium: float) -> None:
        self.changeover = changeover
        self.premium = premium
        self.used = np.arange(slack + 1, dtype=np.float64)
        self.idle: Costs = np.full(slack + 1, np.inf)
        self.idle[0] = 0.0
        self.spot: Costs = np.full(slack + 1, np.inf)
        self.demand: Costs = np.full(slack + 1, np.inf)

    def least(self, slack: int) -> float:
        """The least cost with no more than this slack used."""
        return float(self._any()[: slack + 1].min())

    def advance(self, is_up: bool, length: int) -> None:
        """One run of availability further."""
        before = self._any()
        started = self._shifted(self._demand_for(before, length), self.changeover)
        idle = np.minimum(self._shifted(before, length), self._demand_for(self.demand, length))
        demand = np.minimum(self.demand + self.premium * length, started + self.changeover)
        spot = np.full_like(before, np.inf)
        if is_up:
            paused = _window_min(before, length)
            spot = self._shifted(paused, self.changeover) + self.changeover
            spot = np.minimum(spot, self.spot)
            idle = np.minimum(idle, _window_min(self.spot, length))
        self.idle, self.spot, self.demand = idle, spot, demand

    def _any(self) -> Costs:
        return np.minimum(np.minimum(self.idle, self.spot), self.demand)

    def _demand_for(self, costs: Costs, length: int) -> Costs:
        """On demand for some of a run, and idle for the rest of it."""
        tilted = _window_min(costs + self.premium * self.used, length)
        return tilted - self.premium * self.used + self.premium * length

    @staticmethod
    def _shifted(costs: Costs, by: int) -> Costs:
        moved = np.full_like(costs, np.inf)
        if by < len(costs):
            moved[by:] = costs[: len(costs) - by]
        return moved


def _window_min(values: Costs, length: int) -> Costs:
    """For each place the least of it and of the `length` places before it."""
    least, width = values.copy(), 1
    length = min(length, len(values) - 1)
    while width <= length:
        step = min(width, length + 1 - width)
        least[step:] = np.minimum(least[step:], least[: len(least) - step])
        width += step
    return least
