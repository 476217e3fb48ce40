"""What each action is worth: a small stochastic dynamic program over what is left of a job.

The state is the time left to the deadline, the slack (time left less work left) above the reserve
that the last way out needs, what the job runs on, and how long spot has been there or gone. Time
goes in `STEPS` equal steps. A changeover takes its length from the slack; its cost is the time
that its instance then runs longer. Ends of runs fall on the ends of steps.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import sub

from include.domain.spot.cells import between, lowered, place
from include.domain.spot.dwell import DwellModel, survival

STEPS = 160
SLACKS = 26
CURVE = 1.6
"""Slack is looked at more finely where it is scarce."""

FORBIDDEN = 1e12

AGES_S = (0.0, *(450.0 * 2**i for i in range(10)))

Row = list[float]
Rows = list[Row]
Table = list[list["array[float]"]]
"""By [time left][age][slack]."""


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What a plan is made for.

    Attributes:
        work_s: computation of the whole job.
        deadline_s: time for it.
        changeover_s: what each start takes.
        reserve_s: slack under which nothing but on demand keeps the deadline.
        price_ratio: on demand over spot.
    """

    work_s: float
    deadline_s: float
    changeover_s: float
    reserve_s: float
    price_ratio: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Advantages by [time left][age][slack], in seconds of spot price; what is positive pays.

    Attributes:
        start: of starting on demand over waiting, while spot is gone.
        pause: of pausing over staying on demand, while spot is gone.
        hop: of going from on demand to spot over staying.
        take: of taking spot over waiting, while nothing runs.
    """

    terms: PlanTerms
    slacks_s: tuple[float, ...]
    start: Table
    pause: Table
    hop: Table
    take: Table

    def advantage(self, table: Table, left_s: float, age_s: float, slack_s: float) -> float:
        """The table's value at a point, by linear interpolation in each direction."""
        step, step_share = place(left_s / self.terms.deadline_s * STEPS, STEPS)
        age, age_share = between(AGES_S, age_s)
        slack, slack_share = between(self.slacks_s, slack_s - self.terms.reserve_s)
        total = 0.0
        for layer, weight in ((step, 1 - step_share), (step + 1, step_share)):
            for row, share in ((age, 1 - age_share), (age + 1, age_share)):
                if weight * share:
                    values = table[layer][row]
                    low, high = values[slack], values[slack + 1]
                    total += weight * share * (low + (high - low) * slack_share)
        return total


@dataclass(frozen=True, slots=True)
class _Values:
    """Expected cost to go by [age][slack]: spot there or gone; on spot, on demand, or idle."""

    up_spot: Rows
    up_demand: Rows
    up_idle: Rows
    down_demand: Rows
    down_idle: Rows


@lru_cache(maxsize=64)
def plan(terms: PlanTerms, model: DwellModel) -> Plan:
    """The plan for a job under a model; computed once, since it depends on nothing else."""
    return _Planner(terms, model).plan()


class _Planner:
    """Works backwards from the deadline, one step of time after the other."""

    def __init__(self, terms: PlanTerms, model: DwellModel) -> None:
        self.terms = terms
        self.step_s = terms.deadline_s / STEPS
        span_s = max(terms.deadline_s - terms.work_s - terms.reserve_s, self.step_s)
        self.slacks_s = tuple(span_s * (i / (SLACKS - 1)) ** CURVE for i in range(SLACKS))
        self.up = [survival(model.up, age, self.step_s) for age in AGES_S]
        self.down = [survival(model.down, age, self.step_s) for age in AGES_S]
        self.older = [between(AGES_S, age + self.step_s) for age in AGES_S]
        self.switched = lowered(self.slacks_s, terms.changeover_s)
        self.waited = lowered(self.slacks_s, self.step_s)

    def plan(self) -> Plan:
        zeros = [[0.0] * SLACKS for _ in AGES_S]
        result = Plan(self.terms, self.slacks_s, *([_packed(zeros)] for _ in range(4)))
        values = _Values(zeros, zeros, zeros, zeros, zeros)
        for step in range(1, STEPS + 1):
            values = self._earlier(values, step * self.step_s, result)
        return result

    def _earlier(self, later: _Values, left_s: float, result: Plan) -> _Values:
        """Values one step earlier, `left_s` before the deadline; advantages go into the result."""
        work = [max(0.0, left_s - slack - self.terms.reserve_s) for slack in self.slacks_s]
        spot = [min(self.step_s, seconds) for seconds in work]
        demand = [self.terms.price_ratio * seconds for seconds in spot]
        last_way = [self.terms.price_ratio * (w + self.terms.changeover_s) for w in work]
        values = _Values([], [], [], [], [])
        tables: tuple[Rows, Rows, Rows, Rows] = ([], [], [], [])
        for age, (older, share) in enumerate(self.older):
            up, down = self.up[age], self.down[age]

            def stay(paid: Row, rows: Rows, lasts: float, other: Row) -> Row:
                low, high = rows[older], rows[older + 1]  # noqa: B023
                near, far, ends = lasts * (1 - share), lasts * share, 1 - lasts  # noqa: B023
                return [
                    cost + near * x + far * y + ends * z
                    for cost, x, y, z in zip(paid, low, high, other, strict=True)
                ]

            nothing = [0.0] * SLACKS
            on_spot = stay(spot, later.up_spot, up, later.down_idle[0])
            on_demand_up = stay(demand, later.up_demand, up, later.down_demand[0])
            on_demand = stay(demand, later.down_demand, down, later.up_demand[0])
            wait_up = self._wait(stay(nothing, later.up_idle, up, later.down_idle[0]), last_way)
            wait = self._wait(stay(nothing, later.down_idle, down, later.up_idle[0]), last_way)
            hopped = self._switch(on_spot, [FORBIDDEN] * SLACKS)
            started_up = self._switch(on_demand_up, last_way)
            started = self._switch(on_demand, last_way)
            tables[0].append(_done(map(sub, wait, started), work))
            tables[1].append(_done(map(sub, on_demand, wait), work))
            tables[2].append(_done(map(sub, on_demand_up, hopped), work))
            tables[3].append(_done(map(sub, wait_up, hopped), work))
            values.up_spot.append(_done(on_spot, work))
            values.up_demand.append(_done(map(min, on_demand_up, hopped), work))
            values.up_idle.append(_done(map(min, wait_up, hopped, started_up), work))
            values.down_demand.append(_done(map(min, on_demand, wait), work))
            values.down_idle.append(_done(map(min, wait, started), work))
        result.start.append(_packed(tables[0]))
        result.pause.append(_packed(tables[1]))
        result.hop.append(_packed(tables[2]))
        result.take.append(_packed(tables[3]))
        return values

    def _switch(self, running: Row, otherwise: Row) -> Row:
        """Values of changing over, from those of running; `otherwise` where slack is short."""
        return otherwise[: self.switched.short] + self.switched.of(running)

    def _wait(self, then: Row, last_way: Row) -> Row:
        """Values of waiting one step, or what is left to wait before the last way out."""
        first, base, short = then[0], last_way[0], self.waited.short
        rise = (first - base) / self.step_s
        return [base + rise * slack for slack in self.slacks_s[:short]] + self.waited.of(then)


def _packed(rows: Rows) -> list[array[float]]:
    return [array("d", row) for row in rows]


def _done(values: Iterable[float], work: Row) -> Row:
    """The values, and nothing where no work is left."""
    if work[-1] > 0:
        return list(values)
    return [value if w else 0.0 for value, w in zip(values, work, strict=True)]
