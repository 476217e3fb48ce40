"""Cost a document against the size of a batch, and where another lane becomes the cheapest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import Load
from include.domain.lanes import Lane, LaneProfile

POINTS_PER_DECADE = 24
_NO_LIMIT_S = 1e9


@dataclass(frozen=True, slots=True)
class CostLine:
    """What a batch alone on one cold instance of a lane is expected to cost a document.

    Attributes:
        points: documents in the batch and US dollars a document at list price.
        observations: batches that the line rests on, beside the lanes file.
    """

    lane: Lane
    points: tuple[tuple[int, float], ...]
    observations: int


@dataclass(frozen=True, slots=True)
class BreakEven:
    """From so many documents on another lane is the cheapest; exact to the sizes looked at."""

    documents: int
    before: Lane
    after: Lane


def sizes(most: int) -> list[int]:
    """Return batch sizes from 1 to `most` documents, evenly spread on a logarithmic scale."""
    found, size, step = [], 1.0, 10 ** (1 / POINTS_PER_DECADE)
    while size < most:
        found.append(round(size))
        size *= step
    return sorted({*found, max(1, most)})


def cost_lines(
    profiles: Sequence[LaneProfile],
    curves: Mapping[Lane, LaneCurve],
    tokens_per_document: float,
    documents: Sequence[int],
) -> list[CostLine]:
    """Return a line a lane, as far as the lane admits batches.

    Args:
        curves: of every lane that has a profile.
        documents: batch sizes.
    """
    lines = []
    for profile in profiles:
        curve = curves[profile.lane]
        points = tuple(
            (size, _cost_usd(profile, curve, size, round(size * tokens_per_document)) / size)
            for size in documents
            if _admits(profile, curve, size, round(size * tokens_per_document))
        )
        if points:
            lines.append(CostLine(profile.lane, points, curve.observations))
    return lines


def break_evens(lines: Sequence[CostLine]) -> list[BreakEven]:
    """Return where the cheapest lane changes, from small batches to large ones."""
    at: dict[int, list[tuple[float, Lane]]] = {}
    for line in lines:
        for size, usd in line.points:
            at.setdefault(size, []).append((usd, line.lane))
    cheapest = [(size, min(offers)[1]) for size, offers in sorted(at.items())]
    return [
        BreakEven(size, before, after)
        for (_, before), (size, after) in pairwise(cheapest)
        if before is not after
    ]


def _cost_usd(profile: LaneProfile, curve: LaneCurve, documents: int, tokens: int) -> float:
    usd_per_h = profile.on_demand_price_usd_per_h
    estimate = curve.estimate(Load(tokens, documents), limit_s=_NO_LIMIT_S, usd_per_h=usd_per_h)
    return estimate.list_cost_usd


def _admits(profile: LaneProfile, curve: LaneCurve, documents: int, tokens: int) -> bool:
    """Whether the lane takes such a batch on the one instance that its line is of."""
    most = curve.most_documents(tokens / documents)
    return profile.admits(documents, tokens) and (most is None or documents <= most)
