"""What a batch is charged for on an endpoint that it shares.

SageMaker bills the endpoint's instances, not its requests. A batch is charged for the instance
time while it waited, by its share of the requests that the endpoint processed in that time. For
instances that were started meanwhile it is charged their start and the idle time at their end too,
which are waste: who starts an instance pays for both.
"""

from __future__ import annotations

from include.domain.lanes import LaneProfile
from include.domain.money.costs import Waste
from include.pipeline.batch_objects.records import LaneRun
from include.pipeline.lanes.async_endpoint.records import Meter


def finished_run(
    meter: Meter, profile: LaneProfile, *, requests: int, retries: int, answered: int
) -> LaneRun:
    """Return what a batch whose shards are all answered is charged for.

    Args:
        requests: that the batch has sent.
        retries: those of them whose shard was sent again.
        answered: requests of all senders that the endpoint has processed meanwhile; metrics are
            late, so fewer than `requests` means that nothing of others is known.
    """
    share = requests / max(requests, answered) if requests else 1.0
    work_s = meter.instance_s * share
    waste_s = _around(meter, profile, share)
    around_s = sum(waste_s.values())
    if retries:
        waste_s[Waste.RETRY] = work_s * retries / requests
    return _run(meter, profile, work_s + around_s, waste_s)


def given_up_run(meter: Meter, profile: LaneProfile, *, unanswered_share: float) -> LaneRun:
    """Return what a batch that leaves the lane is charged for; what it leaves open is waste."""
    waste_s = _around(meter, profile, share=1.0)
    around_s = sum(waste_s.values())
    waste_s[Waste.RETRY] = meter.instance_s * unanswered_share
    return _run(meter, profile, meter.instance_s + around_s, waste_s)


def _around(meter: Meter, profile: LaneProfile, share: float) -> dict[Waste, float]:
    """Return seconds before the first and after the last document of instances that started."""
    cold_s = profile.cold_start_s if profile.start_billed else 0.0
    started = meter.started
    parts = {Waste.COLD_START: cold_s * started, Waste.IDLE: profile.tail_s * started}
    return {reason: seconds * share for reason, seconds in parts.items() if seconds * share > 0}


def _run(
    meter: Meter, profile: LaneProfile, billable_s: float, waste_s: dict[Waste, float]
) -> LaneRun:
    return LaneRun(
        resource_id=meter.endpoint,
        instance_type=profile.instance_type,
        instance_count=max(1, meter.peak),
        started_at=meter.started_at,
        ended_at=meter.read_at,
        billable_s=billable_s,
        waste_s=waste_s,
    )
