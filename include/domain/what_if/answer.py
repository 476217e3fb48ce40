"""What a scenario comes to: cost a document, latencies, misses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.what_if.fleet import Fleet
from include.domain.what_if.scenario import Arrival, Scenario


@dataclass(frozen=True, slots=True)
class Answer:
    """A scenario's answer for one traffic; costs in USD at list price, an estimate.

    Attributes:
        waste_share: share of the billed time in which nothing was classified.
        hours: from the first arrival until the end.
    """

    scenario: str
    instance: str
    cost_usd: float
    cost_per_document_usd: float
    p50_s: float
    p99_s: float
    misses: int
    batches: int
    documents: int
    waste_share: float
    peak_replicas: int
    hours: float


def answer(
    scenario: Scenario, arrivals: Sequence[Arrival], until: datetime | None = None
) -> Answer:
    """Return what a fleet would have done with the traffic.

    Args:
        until: the fleet is kept so long; until the last arrival when None.

    Raises:
        ValueError: there is no arrival, or no document in them.
        ScenarioRefused: spot takes instances away so often that a batch is not done.
    """
    documents = sum(each.documents for each in arrivals)
    if not documents:
        raise ValueError("no documents in the traffic")
    run = Fleet(scenario, arrivals).run(until)
    cost_usd = scenario.purchase.cost_usd(run.changes, run.ended_s)
    paid_s = max(run.billed_s, scenario.purchase.committed * run.ended_s)
    return Answer(
        scenario=scenario.name,
        instance=scenario.instance,
        cost_usd=cost_usd,
        cost_per_document_usd=cost_usd / documents,
        p50_s=percentile(run.latencies_s, 0.5),
        p99_s=percentile(run.latencies_s, 0.99),
        misses=run.misses,
        batches=len(arrivals),
        documents=documents,
        waste_share=1 - min(1.0, run.useful_s / paid_s) if paid_s else 0.0,
        peak_replicas=run.peak,
        hours=run.ended_s / 3600,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least a share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
