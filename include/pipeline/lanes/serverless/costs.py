"""What calls to a serverless endpoint are charged for, and how much of it gave no prediction.

AWS bills the time in which each request is processed, to the millisecond (AWS, "Deploy models with
Amazon SageMaker Serverless Inference"): calls that run at once are billed beside each other, time
between them is not. A cold start is waited for and not billed; neither is a throttled call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from include.domain.execution.pacing import Call, cold_waits_s
from include.domain.money.costs import Waste
from include.pipeline.batch_objects.records import LaneRun


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a batch.

    Attributes:
        calls: those that were answered.
        wasted_s: seconds of those that ran and gave no answer.
        warm_tokens_per_s: what a warm environment does.
    """

    endpoint: str
    instance_type: str
    started_at: datetime
    ended_at: datetime
    calls: Sequence[Call]
    wasted_s: float
    warm_tokens_per_s: float

    @property
    def waits_s(self) -> list[float]:
        """Seconds that calls waited for environments to start, a figure each that did."""
        return cold_waits_s(self.calls, warm_tokens_per_s=self.warm_tokens_per_s)

    @property
    def ran_s(self) -> float:
        """Seconds in which calls ran, one after another; what failed included."""
        return sum(call.seconds for call in self.calls) + self.wasted_s

    @property
    def billed_s(self) -> float:
        """Those that are billed."""
        return max(0.0, self.ran_s - sum(self.waits_s))


def finished_run(attempt: Attempt) -> LaneRun:
    """Return what an attempt that answered every shard is charged for."""
    waste_s = {Waste.RETRY: attempt.wasted_s} if attempt.wasted_s else {}
    return _run(attempt, waste_s)


def failed_run(attempt: Attempt, *, unanswered_share: float) -> LaneRun | None:
    """Return what an attempt that failed is charged for; None where no call ran.

    Args:
        unanswered_share: of the shards that it was to answer, those it did not: another attempt
            does them again.
    """
    if not attempt.ran_s:
        return None
    return _run(attempt, {Waste.RETRY: attempt.billed_s * unanswered_share})


def together(earlier: LaneRun | None, run: LaneRun) -> LaneRun:
    """Return an attempt's run with those of the attempts before it."""
    if earlier is None:
        return run
    waste_s = {
        why: earlier.waste_s.get(why, 0.0) + run.waste_s.get(why, 0.0)
        for why in {*earlier.waste_s, *run.waste_s}
    }
    return replace(
        run,
        started_at=earlier.started_at,
        billable_s=earlier.billed_s + run.billed_s,
        waste_s=waste_s,
        cold_start_s=earlier.cold_start_s + run.cold_start_s,
    )


def _run(attempt: Attempt, waste_s: Mapping[Waste, float]) -> LaneRun:
    return LaneRun(
        attempt.endpoint,
        attempt.instance_type,
        1,
        attempt.started_at,
        attempt.ended_at,
        billable_s=attempt.billed_s,
        waste_s=waste_s,
        cold_start_s=max(attempt.waits_s, default=0.0),
    )
