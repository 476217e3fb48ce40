"""A job on a trace of spot availability, under a policy: what it costs and when it ends.

The rules are those of "Can't Be Late" (NSDI 2024, 3.1): an instance is billed by the second while
it lives, a changeover takes its length from the job's time and is billed at the new instance's
price, stopping costs nothing, and an instance lost during its changeover has done nothing. The
policy decides at each tick; what a trace says of a tick holds for the whole of it, and an instance
lost at a tick has made all its progress until then. Work is finished within a tick, at the second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from include.domain.spot.terms import Capacity, SpotTerms

TOLERANCE_S = 1e-6


@dataclass(slots=True)
class JobState:
    """A job between two ticks; what a policy may know.

    Attributes:
        elapsed_s: since the job's start.
        work_left_s: computation still to do.
        running: what it runs on; `NONE` after an interruption.
        changeover_left_s: until the running instance makes progress.
        is_spot_available: in the tick that begins now.
    """

    elapsed_s: float
    work_left_s: float
    running: Capacity = Capacity.NONE
    changeover_left_s: float = 0.0
    is_spot_available: bool = False


Policy = Callable[[SpotTerms, JobState], Capacity]
"""Decides at a tick. A policy that remembers is made anew for each job."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job went.

    Attributes:
        spot_s: seconds billed at the spot price.
        on_demand_s: seconds billed at the on-demand price.
        changeovers: instances started.
        finished_s: when the work was done; infinite when the trace ended before.
        is_late: whether that was after the deadline.
    """

    spot_s: float
    on_demand_s: float
    changeovers: int
    finished_s: float
    is_late: bool

    def cost(self, price_ratio: float) -> float:
        """Cost in seconds at the spot price."""
        return self.spot_s + price_ratio * self.on_demand_s


def simulate(
    terms: SpotTerms, availability: Sequence[int], policy: Policy, gap_s: float
) -> Outcome:
    """Run a job from the trace's beginning.

    Args:
        terms: the job; decisions come each `gap_s`.
        availability: 1 for each tick in which spot is to be had.
        policy: what decides.
        gap_s: length of a tick in seconds.

    Raises:
        ValueError: the policy chose spot where there is none.
    """
    job = JobState(0.0, terms.work_s)
    billed_s = {Capacity.SPOT: 0.0, Capacity.ON_DEMAND: 0.0, Capacity.NONE: 0.0}
    changeovers = 0
    for tick, available in enumerate(availability):
        job.elapsed_s = tick * gap_s
        job.is_spot_available = bool(available)
        if job.running is Capacity.SPOT and not available:
            job.running, job.changeover_left_s = Capacity.NONE, 0.0
        chosen = policy(terms, job)
        if chosen is Capacity.SPOT and not available:
            raise ValueError(f"spot chosen in tick {tick}, where there is none")
        if chosen is not job.running:
            job.changeover_left_s = 0.0 if chosen is Capacity.NONE else terms.changeover_s
            changeovers += chosen is not Capacity.NONE
            job.running = chosen
        if chosen is Capacity.NONE:
            continue
        needed_s = job.changeover_left_s + job.work_left_s
        if needed_s <= gap_s + TOLERANCE_S:
            billed_s[chosen] += needed_s
            finished_s = job.elapsed_s + needed_s
            return _outcome(billed_s, changeovers, finished_s, terms)
        billed_s[chosen] += gap_s
        lost_s = min(gap_s, job.changeover_left_s)
        job.changeover_left_s -= lost_s
        job.work_left_s -= gap_s - lost_s
    return _outcome(billed_s, changeovers, float("inf"), terms)


def _outcome(
    billed_s: dict[Capacity, float], changeovers: int, finished_s: float, terms: SpotTerms
) -> Outcome:
    return Outcome(
        spot_s=billed_s[Capacity.SPOT],
        on_demand_s=billed_s[Capacity.ON_DEMAND],
        changeovers=changeovers,
        finished_s=finished_s,
        is_late=finished_s > terms.deadline_s + TOLERANCE_S,
    )
