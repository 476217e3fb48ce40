"""Where labels of points go, so that none covers another label or a point."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Between a label and its point, and between rows of labels; pixels.
GAP = 4.0
#: How far a label may stand to the side of its point, in its own widths: little, lest it seem a
#: neighbour's. In order of preference.
NEAR = (0.0, 0.1, -0.1)
#: The same where no row is free so near.
FAR = (0.6, -0.6, 1.1, -1.1)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, y upward."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> Box:
        """Return the box of this size whose centre is (x, y)."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def x(self) -> float:
        """Its centre."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        """Its centre."""
        return (self.bottom + self.top) / 2

    def overlaps(self, other: Box) -> bool:
        """Whether they share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def is_within(self, other: Box) -> bool:
        """Whether no part of it is outside `other`."""
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.bottom <= self.bottom
            and self.top <= other.top
        )


def place(points: Sequence[Box], sizes: Sequence[tuple[float, float]], frame: Box) -> list[Box]:
    """Return a box a label: the nearest free one above or below its point, in the points' order.

    Args:
        points: the markers, in pixels.
        sizes: width and height of each point's label, in pixels.
        frame: where labels should stay; one that finds no room in it is stacked above it.

    Raises:
        ValueError: there is not one label a point.
    """
    placed: list[Box] = []
    for point, size in zip(points, sizes, strict=True):
        taken = [*points, *placed]
        placed.append(next(each for each in _candidates(point, size, frame) if _free(each, taken)))
    return placed


def _candidates(point: Box, size: tuple[float, float], frame: Box) -> Iterator[Box]:
    """Rows ever further from the point, those in the frame first; endless, so one is free."""
    width, height = size
    rows = int((frame.top - frame.bottom) // (height + GAP)) + 1
    for shifts, row in itertools.product((NEAR, FAR), range(rows)):
        away = GAP + height / 2 + row * (height + GAP)
        for y, shift in itertools.product((point.top + away, point.bottom - away), shifts):
            if (box := Box.around(point.x + shift * width, y, width, height)).is_within(frame):
                yield box
    x = max(frame.left + width / 2, min(point.x, frame.right - width / 2))
    for row in itertools.count():
        yield Box.around(x, frame.top + GAP + height / 2 + row * (height + GAP), width, height)


def _free(box: Box, taken: Sequence[Box]) -> bool:
    return not any(box.overlaps(each) for each in taken)
