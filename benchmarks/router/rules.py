"""The fixed rules that the router is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from include.domain.accounts import Tier
from include.domain.lanes import Lane
from include.domain.simulation.arrivals import Arrival
from include.domain.simulation.clairvoyant import admits
from include.domain.simulation.lanes import SimulatedLane

THRESHOLD_DOCUMENTS = 1_000
"""The case study publishes that it routes by size and account type, not its threshold; this is
what the serverless lane admits."""

Rule = Callable[[Arrival], Lane]


def fixed_threshold(
    lanes: Mapping[Lane, SimulatedLane], documents: int = THRESHOLD_DOCUMENTS
) -> Rule:
    """The case study: demo and trial accounts and small batches on serverless CPU, others on GPU.

    A batch that the serverless lane does not admit goes to the GPU.
    """
    serverless = lanes[Lane.SERVERLESS].profile

    def rule(batch: Arrival) -> Lane:
        is_small = batch.documents <= documents or batch.tier in (Tier.DEMO, Tier.TRIAL)
        return Lane.SERVERLESS if is_small and admits(serverless, batch) else Lane.TRANSFORM

    return rule


def shared_endpoint(lanes: Mapping[Lane, SimulatedLane]) -> Rule:
    """Serverless where it admits the batch, else the asynchronous endpoint, whatever it costs."""
    serverless = lanes[Lane.SERVERLESS].profile

    def rule(batch: Arrival) -> Lane:
        return Lane.SERVERLESS if admits(serverless, batch) else Lane.ASYNC_ENDPOINT

    return rule


def always_cpu(lanes: Mapping[Lane, SimulatedLane]) -> Rule:
    """Serverless where it admits the batch, else a Processing job, whose own limit is lifted."""
    serverless = lanes[Lane.SERVERLESS].profile

    def rule(batch: Arrival) -> Lane:
        return Lane.SERVERLESS if admits(serverless, batch) else Lane.PROCESSING

    return rule


def always_gpu(lanes: Mapping[Lane, SimulatedLane]) -> Rule:
    """A Transform job for every batch."""
    return lambda batch: Lane.TRANSFORM


def best_thresholds(lanes: Mapping[Lane, SimulatedLane]) -> list[Rule]:
    """Two thresholds, one of them between the CPU job and the GPU, to be chosen in hindsight."""
    serverless = lanes[Lane.SERVERLESS].profile

    def rule(most: int) -> Rule:
        def choose(batch: Arrival) -> Lane:
            if admits(serverless, batch):
                return Lane.SERVERLESS
            return Lane.PROCESSING if batch.documents <= most else Lane.TRANSFORM

        return choose

    return [rule(most) for most in (3_000, 10_000, 30_000, 100_000, 300_000)]
