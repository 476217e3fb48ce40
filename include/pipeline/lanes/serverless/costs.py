"""What calls to a serverless endpoint are charged for, and how much of it gave no prediction.

A cold start is waited for and not billed; neither is a call that was throttled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from include.domain.execution.pacing import Call, cold_start_s
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
    def seconds(self) -> float:
        """Seconds in all."""
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def cold_s(self) -> float:
        """Seconds of them that were a cold start."""
        waited_s = cold_start_s(self.calls, warm_tokens_per_s=self.warm_tokens_per_s)
        return min(self.seconds, waited_s)


def finished_run(attempt: Attempt) -> LaneRun:
    """Return what an attempt that answered every shard is charged for."""
    cold_s = attempt.cold_s
    billable_s = attempt.seconds - cold_s if cold_s else None
    waste_s = {Waste.RETRY: attempt.wasted_s} if attempt.wasted_s else {}
    return _run(attempt, billable_s, waste_s)


def failed_run(attempt: Attempt, *, unanswered_share: float) -> LaneRun | None:
    """Return what an attempt that failed is charged for; None where no call ran.

    Args:
        unanswered_share: of the shards that it was to answer, those it did not: another attempt
            does them again.
    """
    ran_s = sum(call.seconds for call in attempt.calls) + attempt.wasted_s
    billable_s = max(0.0, min(attempt.seconds, ran_s) - attempt.cold_s)
    if not ran_s:
        return None
    return _run(attempt, billable_s, {Waste.RETRY: billable_s * unanswered_share})


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


def _run(attempt: Attempt, billable_s: float | None, waste_s: Mapping[Waste, float]) -> LaneRun:
    return LaneRun(
        attempt.endpoint,
        attempt.instance_type,
        1,
        attempt.started_at,
        attempt.ended_at,
        billable_s=billable_s,
        waste_s=waste_s,
        cold_start_s=attempt.cold_s,
    )
