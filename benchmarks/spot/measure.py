"""Run every policy on every trace, start and cell; costs as shares of the on-demand cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import Pool

from benchmarks.spot.baselines import BASELINES, view
from benchmarks.spot.grid import WORK_S, Cell
from benchmarks.spot.optimum import optimal_costs
from benchmarks.spot.simulate import JobState, Policy, simulate
from benchmarks.spot.traces import Trace, memories
from include.domain.spot.dwell import Belief
from include.domain.spot.memory import SpotMemory
from include.domain.spot.policy import decide
from include.domain.spot.terms import Capacity, SpotTerms

Make = Callable[[int], Policy]
"""Makes a policy for the job that starts at this tick; the tick is the seed of what is random."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One cell on one trace: a number for each start.

    Attributes:
        trace: the trace's name.
        cell: the kind of job.
        optimum: least costs.
        costs: costs by policy.
        late: jobs that missed their deadline, by policy.
        changeovers: mean instances started, by policy.
    """

    trace: str
    cell: Cell
    optimum: tuple[float, ...]
    costs: Mapping[str, tuple[float, ...]]
    late: Mapping[str, int]
    changeovers: Mapping[str, float]

    def gaps(self, policy: str) -> list[float]:
        """Cost above the optimum at each start, as a share of the on-demand cost."""
        return [c - o for c, o in zip(self.costs[policy], self.optimum, strict=True)]


@dataclass(frozen=True, slots=True)
class Task:
    """One cell on several traces, so that plans made for the one serve the others.

    Attributes:
        beliefs: what ours takes for granted on each trace.
        knows_history: whether ours is also given what was seen of the trace before the start.
    """

    cell: Cell
    traces: tuple[Trace, ...]
    beliefs: tuple[Belief, ...]
    windows: int
    longest_s: float
    baselines: tuple[str, ...]
    knows_history: bool = False


def measure(tasks: Iterable[Task], processes: int) -> list[Measured]:
    """All tasks, the longest first."""
    with Pool(processes) as pool:
        return [row for rows in pool.imap_unordered(_run, tasks) for row in rows]


def ours(belief: Belief, prior: SpotMemory | None = None) -> Policy:
    """The production policy, with its memory kept from tick to tick as its driver keeps it."""
    memory = SpotMemory()

    def policy(terms: SpotTerms, job: JobState) -> Capacity:
        nonlocal memory
        choice = decide(terms, view(job), memory, prior, belief)
        memory = choice.memory
        return choice.capacity

    return policy


def _run(task: Task) -> list[Measured]:
    return [
        _on_trace(task, trace, _policies(task, trace, belief))
        for trace, belief in zip(task.traces, task.beliefs, strict=True)
    ]


def _policies(task: Task, trace: Trace, belief: Belief) -> dict[str, Make]:
    def rival(name: str) -> Make:
        return lambda start: BASELINES[name](start)

    def our_own(start: int) -> Policy:
        return ours(belief, memories(trace)[start] if task.knows_history else None)

    return {**{name: rival(name) for name in task.baselines}, "ours": our_own}


def _on_trace(task: Task, trace: Trace, makers: Mapping[str, Make]) -> Measured:
    cell, terms = task.cell, task.cell.terms(trace.gap_s)
    ticks = -(-int(terms.deadline_s) // trace.gap_s) + 1
    full_cost = WORK_S * cell.price_ratio
    costs: dict[str, list[float]] = {name: [] for name in makers}
    late = dict.fromkeys(makers, 0)
    changeovers = dict.fromkeys(makers, 0)
    optimum = []
    starts = trace.starts(task.windows, task.longest_s)
    for start in starts:
        window = trace.ticks[start : start + ticks]
        optimum.append(_optimum(window, trace.gap_s, terms) / full_cost)
        for name, make in makers.items():
            outcome = simulate(terms, window, make(start), trace.gap_s)
            costs[name].append(outcome.cost(cell.price_ratio) / full_cost)
            late[name] += outcome.is_late
            changeovers[name] += outcome.changeovers
    return Measured(
        trace=trace.name,
        cell=cell,
        optimum=tuple(optimum),
        costs={name: tuple(values) for name, values in costs.items()},
        late=late,
        changeovers={name: count / max(1, len(starts)) for name, count in changeovers.items()},
    )


def _optimum(window: Sequence[int], gap_s: int, terms: SpotTerms) -> float:
    return optimal_costs(
        window,
        gap_s,
        int(terms.work_s),
        [int(terms.deadline_s)],
        int(terms.changeover_s),
        terms.price_ratio,
    )[0]
