"""Batches that arrive: of a mixture of kinds through a day, or as a trace has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from include.domain.accounts import Tier

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One batch.

    Attributes:
        index: position in the trace, from 0.
        at_s: seconds from the trace's beginning.
        deadline_s: seconds from arrival to results in both stores.
        loading_s: seconds of them that loading takes.
    """

    index: int
    at_s: float
    tier: Tier
    documents: int
    tokens: int
    deadline_s: float
    loading_s: float = 0.0

    @property
    def budget_s(self) -> float:
        """Seconds that a lane has for the batch."""
        return self.deadline_s - self.loading_s


@dataclass(frozen=True, slots=True)
class TrafficKind:
    """One kind of batch in a mixture; sizes are log-normal, arrivals Poisson.

    Attributes:
        batches_per_day: on average.
        peak_hour: hour of the day around which they come.
        concentration: how much so: 0 all day alike, 10 most of them within some five hours
            (von Mises).
        median_documents: and `documents_sigma`, of its logarithm; `document_tokens` likewise.
        max_documents: larger draws are cut to it.
        deadline_s: seconds.
    """

    name: str
    tier: Tier
    batches_per_day: float
    peak_hour: float
    concentration: float
    median_documents: float
    documents_sigma: float
    max_documents: int
    median_document_tokens: float
    document_tokens_sigma: float
    deadline_s: float


def generate(
    kinds: Sequence[TrafficKind], *, days: int, seed: str, loading_documents_per_s: float
) -> list[Arrival]:
    """Return batches of a mixture, in order of time; the same for the same seed."""
    random = Random(seed)  # noqa: S311
    drawn = [batch for kind in kinds for batch in _of_kind(kind, days, random)]
    drawn.sort(key=lambda batch: batch[0])
    return [
        Arrival(
            index,
            at_s,
            kind.tier,
            documents,
            tokens,
            kind.deadline_s,
            documents / loading_documents_per_s,
        )
        for index, (at_s, kind, documents, tokens) in enumerate(drawn)
    ]


def _of_kind(
    kind: TrafficKind, days: int, random: Random
) -> Iterator[tuple[float, TrafficKind, int, int]]:
    for day in range(days):
        for _ in range(_poisson(kind.batches_per_day, random)):
            angle = random.vonmisesvariate(
                2 * math.pi * kind.peak_hour / 24, max(kind.concentration, 1e-9)
            )
            at_s = (day + (angle / (2 * math.pi)) % 1.0) * DAY_S
            documents = random.lognormvariate(math.log(kind.median_documents), kind.documents_sigma)
            count = max(1, min(kind.max_documents, round(documents)))
            each = random.lognormvariate(
                math.log(kind.median_document_tokens), kind.document_tokens_sigma
            )
            yield at_s, kind, count, max(1, round(count * each))


def _poisson(mean: float, random: Random) -> int:
    """Return a Poisson draw, by its arrivals' exponential gaps."""
    count, passed = 0, random.expovariate(1.0)
    while passed < mean:
        count += 1
        passed += random.expovariate(1.0)
    return count
