"""What learning curves needs of the world, as a contract. See `include.pipeline.ports`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from include.domain.curves.document_limits import DocumentLimit
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import CurveKey, LaneObservation


@dataclass(frozen=True, slots=True)
class Exploration:
    """What placements were expected to cost, and how much of it to learn.

    Attributes:
        placed_usd: expected list cost of all of them.
        explored_usd: the part that went beyond the cheapest lane.
    """

    placed_usd: float
    explored_usd: float

    def left_usd(self, share: float) -> float:
        """Return what may still be spent, of a share of all."""
        return max(0.0, share * self.placed_usd - self.explored_usd)


class CurveBook(Protocol):
    """Observations and the curves made of them, shared by every process. Raises `StoreError`."""

    def observe(self, observations: Sequence[LaneObservation]) -> None:
        """Keep observations; one that is known already stays as it was."""
        ...

    def latest(
        self, key: CurveKey, limit: int, *, before: datetime | None = None
    ) -> Sequence[LaneObservation]:
        """Return a curve's latest observations; of those before a moment, where one is told."""
        ...

    def keep(self, curve: LaneCurve) -> None:
        """Put a curve in the place of the one of the same key, whose limits stay."""
        ...

    def keep_limits(self, key: CurveKey, limits: Sequence[DocumentLimit]) -> None:
        """Put limits in the place of a curve's; nothing without the curve."""
        ...

    def curves(self, model_name: str) -> Sequence[LaneCurve]:
        """Return every curve of a model."""
        ...

    def curve_keys(self) -> Sequence[CurveKey]:
        """Return whose curves are kept."""
        ...

    def exploration(self, since: datetime) -> Exploration:
        """Return what the placements of batches submitted since came to."""
        ...
