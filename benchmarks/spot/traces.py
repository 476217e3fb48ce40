"""Traces of spot availability: where they lie, which were tuned on, and where jobs start."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from include.domain.spot.dwell import Belief, expected_hazard
from include.domain.spot.memory import SpotMemory

TUNED_ON = (
    "aws-02-15-2023__us-east-2a_v100_1",
    "aws-02-15-2023__us-west-2b_v100_1",
)
"""The traces that `Belief`'s numbers were fitted on; all others, and all their zones, are held out.

The form of the hazards and the settings of the plan were chosen with all six files at hand.
"""


@dataclass(frozen=True)
class Trace:
    """Availability of one instance type in one zone.

    Attributes:
        name: the file's name without its ending.
        gap_s: seconds between two looks.
        ticks: 1 where spot was to be had.
    """

    name: str
    gap_s: int
    ticks: tuple[int, ...]

    @property
    def zone(self) -> str:
        """The availability zone, from a name like `aws-02-15-2023__us-east-1a_v100_1`."""
        return self.name.rpartition("__")[2].partition("_")[0]

    @property
    def share(self) -> float:
        """Share of the ticks in which spot was to be had."""
        return sum(self.ticks) / len(self.ticks)

    def starts(self, windows: int, longest_s: float) -> list[int]:
        """Ticks at which jobs start, evenly spread; each leaves room for the longest deadline."""
        last = len(self.ticks) - int(longest_s // self.gap_s) - 2
        if last < 0:
            return []
        return sorted({round(last * i / max(1, windows - 1)) for i in range(windows)})


@lru_cache(maxsize=32)
def memories(trace: Trace) -> list[SpotMemory]:
    """What a lane that looked all along remembers before each tick, and at the trace's end."""
    seen = [SpotMemory()]
    for tick, available in enumerate(trace.ticks):
        seen.append(seen[-1].look(tick * trace.gap_s, bool(available)))
    return seen


def load(folder: Path) -> list[Trace]:
    """All traces of a folder (`{"metadata": {"gap_seconds": …}, "data": […]}` a file), by name."""
    traces = []
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text())
        ticks = tuple(int(number >= 1) for number in content["data"])
        traces.append(Trace(path.stem, int(content["metadata"]["gap_seconds"]), ticks))
    return traces


def fitted(traces: Sequence[Trace], runs: float = Belief().runs) -> Belief:
    """The belief that these traces suggest: the most likely hazard of each, averaged."""
    last = [memories(trace)[-1] for trace in traces]
    up = [expected_hazard(1.0, 1e-9, memory.up) for memory in last]
    down = [expected_hazard(1.0, 1e-9, memory.down) for memory in last]
    return Belief(up=sum(up) / len(up), down=sum(down) / len(down), runs=runs)
