"""Where a value lies between the points that a table is made for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


def between(points: Sequence[float], value: float) -> tuple[int, float]:
    """The cell of rising points that a value lies in, and how far; held to the ends."""
    index = min(max(bisect_right(points, value) - 1, 0), len(points) - 2)
    share = (value - points[index]) / (points[index + 1] - points[index])
    return index, min(1.0, max(0.0, share))


def place(value: float, last: int) -> tuple[int, float]:
    """The cell of the points 0, 1, … `last` that a value lies in, and how far; held to the ends."""
    index = min(max(int(value), 0), last - 1)
    return index, min(1.0, max(0.0, value - index))


@dataclass(frozen=True, slots=True)
class Lowered:
    """Where each point comes to lie after a loss.

    Attributes:
        short: how many points fall under the first.
        places: cell and share of each of the others.
    """

    short: int
    places: list[tuple[int, float]]

    def of(self, row: list[float]) -> list[float]:
        """The row's values after the loss, for the points that bear it."""
        return [row[i] + (row[i + 1] - row[i]) * share for i, share in self.places]


def lowered(points: Sequence[float], loss: float) -> Lowered:
    """Each of rising points, the first of them 0, less the loss."""
    short = sum(point < loss for point in points)
    return Lowered(short, [between(points, point - loss) for point in points[short:]])
