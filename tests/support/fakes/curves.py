"""CurveBook in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from include.domain.curves.document_limits import DocumentLimit
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import CurveKey, LaneObservation
from include.pipeline.curves.ports import Exploration


class FakeCurveBook:
    """Observations by id in `observations`, curves by key in `kept`."""

    def __init__(self) -> None:
        self.observations: dict[str, LaneObservation] = {}
        self.kept: dict[CurveKey, LaneCurve] = {}
        self.spent = Exploration(0.0, 0.0)

    def observe(self, observations: Sequence[LaneObservation]) -> None:
        for each in observations:
            self.observations.setdefault(each.observation_id, each)

    def latest(
        self, key: CurveKey, limit: int, *, before: datetime | None = None
    ) -> Sequence[LaneObservation]:
        own = [each for each in self.observations.values() if each.key == key]
        own = [each for each in own if before is None or each.seen_at < before]
        own.sort(key=lambda each: each.observation_id)
        own.sort(key=lambda each: each.seen_at, reverse=True)
        return own[:limit]

    def keep(self, curve: LaneCurve) -> None:
        known = self.kept.get(curve.key)
        self.kept[curve.key] = replace(curve, limits=known.limits if known else ())

    def keep_limits(self, key: CurveKey, limits: Sequence[DocumentLimit]) -> None:
        if key in self.kept:
            self.kept[key] = replace(self.kept[key], limits=tuple(limits))

    def curves(self, model_name: str) -> Sequence[LaneCurve]:
        return [curve for key, curve in self.kept.items() if key.model_name == model_name]

    def curve_keys(self) -> Sequence[CurveKey]:
        return sorted(self.kept, key=lambda key: (key.model_name, key.lane, key.instance_type))

    def exploration(self, since: datetime) -> Exploration:
        return self.spent
