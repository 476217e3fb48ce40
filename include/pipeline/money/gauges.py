"""Publish: the figures of the ledger that CloudWatch cannot count by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class GaugeName(StrEnum):
    """What is told. Each is where things stand, so that telling it again adds nothing."""

    LIST_COST_TODAY = "ListCostToday"
    """US dollars at list price of today, UTC, so far; by lane, or by kind where there is none; by
    account; and by model version."""
    WASTE_TODAY = "WasteToday"
    """The part of it that gave no prediction, by lane."""
    LIST_COST_PER_THOUSAND_TODAY = "ListCostPerThousandToday"
    """US dollars at list price of today for each thousand documents submitted; none without any."""
    DOCUMENTS_TODAY = "DocumentsToday"
    """Documents submitted today, by the model version that answers them."""
    DEADLINES_MET = "DeadlinesMet"
    """Batches of today that closed in time; `DEADLINES_MISSED` those that did not."""
    DEADLINES_MISSED = "DeadlinesMissed"
    BATCHES_AT_RISK = "BatchesAtRisk"
    """Batches that run and were foreseen to be late."""
    SPOT_INTERRUPTIONS_TODAY = "SpotInterruptionsToday"
    """Instances taken away from batches that ended today."""
    IDLE_SAVED_TODAY = "IdleSavedToday"
    """US dollars at list price that were saved by what was taken away today for standing idle."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure; dollars, or one of `COUNTS`."""

    name: GaugeName
    value: float
    dimensions: Mapping[str, str] = field(default_factory=dict)


COUNTS = frozenset(
    {
        GaugeName.DOCUMENTS_TODAY,
        GaugeName.DEADLINES_MET,
        GaugeName.DEADLINES_MISSED,
        GaugeName.BATCHES_AT_RISK,
        GaugeName.SPOT_INTERRUPTIONS_TODAY,
    }
)
"""Figures that are no dollars."""


class Standings(Protocol):
    """Reads the figures of a day. In Aurora. May raise `StoreError`."""

    def gauges(self, now: datetime) -> Sequence[Gauge]:
        """Return where the day of `now`, UTC, stands."""
        ...


class GaugeBoard(Protocol):
    """Where figures are shown. May raise `MetricsUnavailable`."""

    def publish(self, gauges: Sequence[Gauge], at: datetime) -> None:
        """Show figures as of a moment."""
        ...


def publish_gauges(now: datetime, standings: Standings, board: GaugeBoard) -> int:
    """Publish where today stands; return how many figures."""
    gauges = standings.gauges(now)
    board.publish(gauges, now)
    return len(gauges)
