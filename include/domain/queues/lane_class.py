"""The classes of lanes that have a queue of their own."""

from __future__ import annotations

from enum import StrEnum


class LaneClass(StrEnum):
    """Who waits in which queue: the one can then not hold up the other."""

    EXPRESS = "express"
    BULK = "bulk"
