"""A lane's circuit breaker: when to leave a lane that fails, and when to try it again.

::

    closed ──failure rate over the window, with enough outcomes──▶ open
    open ──pause over, one batch takes the lease──▶ half open
    half open ──the probe succeeds──▶ closed
    half open ──the probe fails──▶ open, with a longer pause

Pure functions of the breaker, its outcomes and the time. Whoever keeps a breaker changes it under
a lock; a lease that is never answered runs out by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from include.domain.lane_health.breaker_state import (
    Breaker,
    BreakerPolicy,
    BreakerState,
    Change,
    Outcome,
    Transition,
    Verdict,
)


def observe(
    breaker: Breaker, outcome: Outcome, window: Sequence[Outcome], *, policy: BreakerPolicy
) -> Change:
    """Take in how a try ended.

    A success that began after the breaker opened closes it, whoever had it; a failure counts
    against an open lane only when it is the probe's. Anything else that was begun before the
    opening says nothing new.

    Args:
        window: outcomes of the lane up to now, this one included.
    """
    now = outcome.at
    failures, total = _counted(breaker, window, now, policy)
    rate = failures / total if total else 0.0
    is_probe = breaker.probe_holder == outcome.batch_id != ""
    match breaker.state, outcome.verdict:
        case BreakerState.CLOSED, Verdict.FAILURE:
            if total < policy.minimum_outcomes or rate < policy.failure_rate:
                return Change(breaker)
            reason = f"{failures} of its last {total} tries failed, last: {outcome.detail}"
            return _opened(breaker, reason, rate, now, policy)
        case (BreakerState.HALF_OPEN, Verdict.FAILURE) if is_probe:
            return _opened(breaker, f"the probe failed: {outcome.detail}", rate, now, policy)
        case (BreakerState.HALF_OPEN, Verdict.NEUTRAL) if is_probe:
            return Change(replace(breaker, probe_holder="", probe_until=None))
        case (BreakerState.OPEN | BreakerState.HALF_OPEN, Verdict.SUCCESS) if (
            is_probe or outcome.started_at >= breaker.since
        ):
            return closed(breaker, f"batch {outcome.batch_id} succeeded", rate, now)
        case _:
            return Change(breaker)


def refusal(breaker: Breaker, batch_id: str, now: datetime) -> str:
    """Return why a batch is not given to the lane now; empty when it may ask to be admitted."""
    match breaker.state:
        case BreakerState.CLOSED:
            return ""
        case BreakerState.OPEN:
            if breaker.half_opens_at is None or now >= breaker.half_opens_at:
                return ""
            return f"{breaker.reason}; tried again from {breaker.half_opens_at:%H:%M:%S} UTC"
        case BreakerState.HALF_OPEN:
            if breaker.probe_holder in ("", batch_id) or _is_over(breaker.probe_until, now):
                return ""
            return f"batch {breaker.probe_holder} is trying it"


def admit(
    breaker: Breaker, batch_id: str, now: datetime, *, lease_s: float, policy: BreakerPolicy
) -> Change:
    """Give a batch to the lane, as its probe where it is not closed; `is_admitted` says whether.

    Args:
        lease_s: time the batch is expected to need; the policy's when that is longer.
    """
    if refusal(breaker, batch_id, now):
        return Change(breaker)
    if breaker.state is BreakerState.CLOSED:
        return Change(breaker, is_admitted=True)
    until = now + timedelta(seconds=max(lease_s, policy.lease_s))
    if breaker.state is BreakerState.HALF_OPEN:
        held = replace(breaker, probe_holder=batch_id, probe_until=until)
        return Change(held, is_admitted=True)
    reason = f"batch {batch_id} tries it after a pause of {breaker.pause_s:,.0f} s"
    probing = replace(
        breaker,
        state=BreakerState.HALF_OPEN,
        since=now,
        half_opens_at=None,
        probe_holder=batch_id,
        probe_until=until,
        reason=reason,
    )
    return Change(probing, _transition(breaker, probing, 0.0, now), is_admitted=True)


def opened_by_hand(
    breaker: Breaker, reason: str, now: datetime, *, policy: BreakerPolicy
) -> Change:
    """Open a breaker because a person says so; it half-opens after the usual pause."""
    return _opened(breaker, reason, 0.0, now, policy)


def closed(breaker: Breaker, reason: str, failure_rate: float, now: datetime) -> Change:
    """Close a breaker and forget what it has counted. A closed one is left as it is."""
    fresh = replace(Breaker.new(now), reason=reason)
    if breaker.state is BreakerState.CLOSED:
        return Change(fresh)
    return Change(fresh, _transition(breaker, fresh, failure_rate, now))


def _opened(
    breaker: Breaker, reason: str, rate: float, now: datetime, policy: BreakerPolicy
) -> Change:
    pause_s = min(policy.max_pause_s, breaker.pause_s * policy.pause_growth or policy.pause_s)
    opened = Breaker(
        BreakerState.OPEN,
        since=now,
        counted_from=breaker.counted_from,
        pause_s=pause_s,
        half_opens_at=now + timedelta(seconds=pause_s),
        reason=reason,
    )
    return Change(opened, _transition(breaker, opened, rate, now))


def _counted(
    breaker: Breaker, window: Sequence[Outcome], now: datetime, policy: BreakerPolicy
) -> tuple[int, int]:
    """Failures, and failures and successes together, that the breaker goes by."""
    start = max(breaker.counted_from, now - timedelta(seconds=policy.window_s))
    counted = [each for each in window if start <= each.at <= now]
    failures = sum(each.verdict is Verdict.FAILURE for each in counted)
    successes = sum(each.verdict is Verdict.SUCCESS for each in counted)
    return failures, failures + successes


def _is_over(moment: datetime | None, now: datetime) -> bool:
    return moment is None or now >= moment


def _transition(before: Breaker, after: Breaker, rate: float, now: datetime) -> Transition:
    return Transition(before.state, after.state, after.reason, rate, now)
