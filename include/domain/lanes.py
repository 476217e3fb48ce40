"""Lanes: where a batch can run, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Lane(StrEnum):
    """The execution backends a batch can be placed on."""

    SERVERLESS = "serverless"
    PROCESSING = "processing"
    TRANSFORM = "transform"


@dataclass(frozen=True, slots=True)
class LaneProfile:
    """One lane's curve, price and admission limits. Every number comes from the lanes file.

    Attributes:
        lane: which lane.
        instance_type: SageMaker instance type, or a memory size for serverless.
        cold_start_s: seconds from request to first document, not billed unless `start_billed`.
        tokens_per_s: throughput of one instance once started.
        price_usd_per_h: list price of one instance (serverless: of its memory) while it runs.
        start_billed: whether the cold start is billed as running time.
        max_documents: admission limit a batch; None for no limit.
        max_tokens: admission limit a batch; None for no limit.
        source: where throughput and cold start come from, for the person who reads the reason.
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

    def latency_s(self, tokens: int) -> float:
        """Return the expected seconds from request to last document."""
        return self.cold_start_s + tokens / self.tokens_per_s

    def billable_s(self, tokens: int) -> float:
        """Return the expected seconds that are billed."""
        running = tokens / self.tokens_per_s
        return running + self.cold_start_s if self.start_billed else running

    def list_cost_usd(self, tokens: int) -> float:
        """Return the expected list cost in US dollars."""
        return self.billable_s(tokens) * self.price_usd_per_h / 3600
