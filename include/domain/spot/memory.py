"""What one job remembers of a lane's spot availability: how long it lasts and how long it is gone.

Nothing here depends on how often the job looks: time spent and changes seen are counted by the age
of the run (of being available, or of being gone) in which they fell. Counts of several jobs add up,
so what one job saw can be the prior of the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

AGE_EDGES_S: tuple[float, ...] = tuple(60.0 * 2**i for i in range(14))
"""Ends of the age bins, in seconds: one minute, then twice as long each; one more for the rest."""

BINS = len(AGE_EDGES_S) + 1
_NOTHING = (0.0,) * BINS


def age_bin(age_s: float) -> int:
    """The bin of an age, in 0..BINS-1."""
    for index, edge in enumerate(AGE_EDGES_S):
        if age_s < edge:
            return index
    return BINS - 1


@dataclass(frozen=True, slots=True)
class Dwell:
    """Runs of one kind, by age.

    Attributes:
        exposure_s: seconds spent in runs of each age.
        ends: runs that ended at each age.
    """

    exposure_s: tuple[float, ...] = _NOTHING
    ends: tuple[float, ...] = _NOTHING

    def seen(self, age_s: float, seconds: float, has_ended: bool) -> Dwell:
        """These runs, and `seconds` more of one of age `age_s`, which ended then or did not."""
        index = age_bin(age_s)
        return Dwell(
            _add(self.exposure_s, index, seconds), _add(self.ends, index, float(has_ended))
        )


@dataclass(frozen=True, slots=True)
class SpotMemory:
    """What a job saw of spot availability, and what it holds on to; JSON-able.

    Attributes:
        up: runs in which spot was available.
        down: runs in which it was not.
        is_available: what was seen last; None before the first look.
        since_s: when the run seen last began, in seconds since the job's start.
        seen_s: when it was seen last.
    """

    up: Dwell = Dwell()
    down: Dwell = Dwell()
    is_available: bool | None = None
    since_s: float = 0.0
    seen_s: float = 0.0

    def look(self, elapsed_s: float, is_available: bool | None) -> SpotMemory:
        """This memory after one more look. A second look at the same instant changes nothing.

        Args:
            elapsed_s: seconds since the job's start; looks do not go back in time.
            is_available: what was seen; None leaves the memory as it is.
        """
        if is_available is None:
            return self
        if self.is_available is None:
            return replace(self, is_available=is_available, since_s=elapsed_s, seen_s=elapsed_s)
        if elapsed_s <= self.seen_s:
            return self
        has_ended = is_available != self.is_available
        age_s, seconds = self.seen_s - self.since_s, elapsed_s - self.seen_s
        up, down = self.up, self.down
        if self.is_available:
            up = up.seen(age_s, seconds, has_ended)
        else:
            down = down.seen(age_s, seconds, has_ended)
        return SpotMemory(
            up=up,
            down=down,
            is_available=is_available,
            since_s=elapsed_s if has_ended else self.since_s,
            seen_s=elapsed_s,
        )

    @property
    def age_s(self) -> float:
        """Seconds that the run seen last had lasted when it was seen."""
        return self.seen_s - self.since_s

    def to_json(self) -> dict[str, Any]:
        """The memory as JSON values."""
        return {
            "up": {"exposure_s": list(self.up.exposure_s), "ends": list(self.up.ends)},
            "down": {"exposure_s": list(self.down.exposure_s), "ends": list(self.down.ends)},
            "is_available": self.is_available,
            "since_s": self.since_s,
            "seen_s": self.seen_s,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> SpotMemory:
        """The memory that `to_json` wrote.

        Raises:
            KeyError: a part is missing.
        """
        return SpotMemory(
            up=_dwell(value["up"]),
            down=_dwell(value["down"]),
            is_available=value["is_available"],
            since_s=float(value["since_s"]),
            seen_s=float(value["seen_s"]),
        )


def _dwell(value: Mapping[str, Any]) -> Dwell:
    return Dwell(tuple(map(float, value["exposure_s"])), tuple(map(float, value["ends"])))


def _add(counts: tuple[float, ...], index: int, amount: float) -> tuple[float, ...]:
    return (*counts[:index], counts[index] + amount, *counts[index + 1 :])
