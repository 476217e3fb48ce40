"""Lanes: where a batch can run, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Lane(StrEnum):
    """The execution backends a batch can be placed on."""

    SERVERLESS = "serverless"
    PROCESSING = "processing"
    TRANSFORM = "transform"
    ASYNC_ENDPOINT = "async_endpoint"
    SPOT = "spot"


@dataclass(frozen=True, slots=True)
class LaneProfile:
    """One lane's curve, price and admission limits.

    Every number comes from the lanes file; a price that is not in it from the price book.

    Attributes:
        lane: which lane.
        instance_type: SageMaker instance type, or a memory size for serverless.
        cold_start_s: seconds from request to first document, not billed unless `start_billed`.
        tokens_per_s: throughput of one instance once started.
        price_usd_per_h: list price of one instance (serverless: of its memory) while it runs;
            for a spot lane what an hour on spot is expected to cost.
        start_billed: whether the cold start is billed as running time.
        max_documents: admission limit a batch; None for no limit.
        max_tokens: admission limit a batch; None for no limit.
        source: where throughput and cold start come from, for the person who reads the reason.
        tail_s: seconds an instance is billed for after its last document, until it is scaled in.
        slack_factor: the time left must be this many times the expected latency: room for what
            the estimate does not show, such as interruptions.
        max_instances: instances a batch may be spread over.
        on_demand_usd_per_h: list price of the same instance on demand, where `price_usd_per_h`
            is another; None elsewhere.
        weight: batches that start and rate are worth beside the lane's own; at 0.1 they may be off
            by half, at 10 by a twentieth.
    """

    lane: Lane
    instance_type: str
    cold_start_s: float
    tokens_per_s: float
    price_usd_per_h: float
    start_billed: bool
    max_documents: int | None
    max_tokens: int | None
    source: str
    tail_s: float = 0.0
    slack_factor: float = 1.0
    max_instances: int = 1
    on_demand_usd_per_h: float | None = None
    weight: float = 0.1

    @property
    def on_demand_price_usd_per_h(self) -> float:
        """List price of one instance on demand."""
        if self.on_demand_usd_per_h is None:
            return self.price_usd_per_h
        return self.on_demand_usd_per_h

    def admits(self, documents: int, tokens: int) -> bool:
        """Whether the lane takes a batch of this size."""
        return (self.max_documents is None or documents <= self.max_documents) and (
            self.max_tokens is None or tokens <= self.max_tokens
        )

    def latency_s(self, tokens: int, instances: int = 1, *, warm: bool = False) -> float:
        """Return the expected seconds from request to last document.

        Args:
            warm: an instance is in service already, so no cold start is waited for.
        """
        start_s = 0.0 if warm else self.cold_start_s
        return start_s + tokens / (self.tokens_per_s * instances)

    def billable_s(self, tokens: int, instances: int = 1, *, warm: bool = False) -> float:
        """Return the expected instance seconds that are billed, over all instances.

        Args:
            warm: one instance is in service already: who started it pays for its start and tail.
        """
        start_s = self.cold_start_s if self.start_billed else 0.0
        started = instances - 1 if warm else instances
        return tokens / self.tokens_per_s + started * (start_s + self.tail_s)

    def list_cost_usd(self, tokens: int, instances: int = 1, *, warm: bool = False) -> float:
        """Return the expected list cost in US dollars."""
        return self.billable_s(tokens, instances, warm=warm) * self.price_usd_per_h / 3600
