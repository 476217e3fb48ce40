"""The policies that ours is measured against, from their papers' own descriptions.

Every policy is made for one job and asked at each tick. All share one net: what could miss the
deadline at this tick's length becomes on demand (`include.domain.spot.safety`).
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from random import Random

from benchmarks.spot.simulate import JobState, Policy
from include.domain.spot.safety import is_safe
from include.domain.spot.terms import Capacity, SpotTerms, SpotView


def kept_safe(policy: Policy) -> Policy:
    """The policy, with on demand in place of what could miss the deadline."""

    def decide(terms: SpotTerms, job: JobState) -> Capacity:
        chosen = policy(terms, job)
        return chosen if is_safe(terms, view(job), chosen) else Capacity.ON_DEMAND

    return decide


def view(job: JobState) -> SpotView:
    """What the production policy is told of a job."""
    return SpotView(
        elapsed_s=job.elapsed_s,
        work_left_s=job.work_left_s,
        running=job.running,
        changeover_left_s=job.changeover_left_s,
        is_spot_available=job.is_spot_available,
    )


def on_demand(terms: SpotTerms, job: JobState) -> Capacity:
    """On demand from the first second to the last."""
    return Capacity.ON_DEMAND


def greedy(terms: SpotTerms, job: JobState) -> Capacity:
    """Spot while there is some, idle while there is none (NSDI 2024, 3.4).

    The safety net rule (3.3): once idle with `R(t) < C(t) + 2d`, on demand until the end.
    """
    if job.running is not Capacity.SPOT and _net_is_due(terms, job):
        return Capacity.ON_DEMAND
    return Capacity.SPOT if job.is_spot_available else Capacity.NONE


def uniform_progress(terms: SpotTerms, job: JobState) -> Capacity:
    """Uniform Progress with hysteresis (NSDI 2024, 5.2.2).

    Idle and behind `ep(t) = t C(0) / R(0)`: on demand. Spot: kept until it is lost. On demand: kept
    while spot is gone, and until `cp(t) >= ep(t + 2d)` when it is back. The last is how the
    authors' simulator reads rule 3; read as "idle once ahead" it starts on demand anew every few
    minutes while spot is gone, and costs far more.
    """
    if job.running is Capacity.SPOT:
        return Capacity.SPOT
    if _net_is_due(terms, job):
        return Capacity.ON_DEMAND
    if job.running is Capacity.ON_DEMAND:
        is_ahead = _progress(terms, job) >= _expected(terms, job, 2 * terms.changeover_s)
        return Capacity.SPOT if job.is_spot_available and is_ahead else Capacity.ON_DEMAND
    return _spot_or_pace(terms, job)


def uniform_progress_plain(terms: SpotTerms, job: JobState) -> Capacity:
    """Uniform Progress (plain; NSDI 2024, 5.2.2): no hysteresis, any spot is taken at once."""
    if job.running is not Capacity.SPOT and _net_is_due(terms, job):
        return Capacity.ON_DEMAND
    if job.running is Capacity.ON_DEMAND and not job.is_spot_available:
        return Capacity.ON_DEMAND
    return _spot_or_pace(terms, job)


def ross(seed: int, takes_spot_within: bool = False) -> Policy:
    """ROSS (arXiv 2601.14612), with the uniform warm-up.

    After a public summary of the paper (its full text was not to be had): with `K` the price
    ratio, warm up while `(D - t) / (L - phi) > (1 + 2 sqrt K) / (1 + sqrt K)`; then, at `xi`, draw
    an interval of length `delta = (L - phi) / (1 + sqrt K)` uniformly within the next `L - phi`
    seconds and run on demand in it; outside of it spot, or idle; on demand until the end once
    slack is used up. Assumed here, since the paper has no changeover delay: the warm-up keeps
    on demand while spot is gone, as Uniform Progress (plain) does, and the safety net rule of NSDI
    2024 stands for the end of slack. The summary does not say whether spot is taken within the
    interval where there is some: both readings are measured.

    Args:
        seed: of the draw.
        takes_spot_within: whether spot is preferred within the interval.
    """
    random = Random(seed)  # noqa: S311
    interval: list[float] = []

    def decide(terms: SpotTerms, job: JobState) -> Capacity:
        if job.running is not Capacity.SPOT and _net_is_due(terms, job):
            return Capacity.ON_DEMAND
        root = sqrt(terms.price_ratio)
        left_s = terms.deadline_s - job.elapsed_s
        if not interval:
            if left_s / job.work_left_s > (1 + 2 * root) / (1 + root):
                return uniform_progress_plain(terms, job)
            length_s = job.work_left_s / (1 + root)
            start_s = job.elapsed_s + random.uniform(0, job.work_left_s - length_s)
            interval.extend((start_s, start_s + length_s))
        if interval[0] <= job.elapsed_s < interval[1]:
            takes_spot = takes_spot_within and job.is_spot_available
            return Capacity.SPOT if takes_spot else Capacity.ON_DEMAND
        return Capacity.SPOT if job.is_spot_available else Capacity.NONE

    return decide


BASELINES: dict[str, Callable[[int], Policy]] = {
    "on_demand": lambda seed: on_demand,
    "greedy": lambda seed: kept_safe(greedy),
    "uniform_progress": lambda seed: kept_safe(uniform_progress),
    "uniform_progress_plain": lambda seed: kept_safe(uniform_progress_plain),
    "ross": lambda seed: kept_safe(ross(seed)),
    "ross_spot_within": lambda seed: kept_safe(ross(seed, takes_spot_within=True)),
}
"""Makes a policy for one job, from a seed."""


def _spot_or_pace(terms: SpotTerms, job: JobState) -> Capacity:
    if job.is_spot_available:
        return Capacity.SPOT
    is_behind = _progress(terms, job) < _expected(terms, job, 0.0)
    return Capacity.ON_DEMAND if is_behind else Capacity.NONE


def _progress(terms: SpotTerms, job: JobState) -> float:
    return terms.work_s - job.work_left_s


def _expected(terms: SpotTerms, job: JobState, ahead_s: float) -> float:
    return (job.elapsed_s + ahead_s) * terms.work_s / terms.deadline_s


def _net_is_due(terms: SpotTerms, job: JobState) -> bool:
    left_s = terms.deadline_s - job.elapsed_s
    return left_s < job.work_left_s + 2 * terms.changeover_s
