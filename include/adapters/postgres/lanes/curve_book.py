"""CurveBook on PostgreSQL, beside the batches the curves are learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pydantic import TypeAdapter

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.curves.document_limits import DocumentLimit
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.lanes import Lane
from include.pipeline.curves.ports import Exploration

_CURVE: TypeAdapter[LaneCurve] = TypeAdapter(LaneCurve)
_LIMITS: TypeAdapter[list[DocumentLimit]] = TypeAdapter(list[DocumentLimit])


class PostgresCurveBook:
    """Tables `lane_observations` and `lane_curves`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def observe(self, observations: Sequence[LaneObservation]) -> None:
        """Keep observations; see `CurveBook.observe`."""
        if not observations:
            return
        names = ", ".join(each.observation_id for each in observations)
        with self._database.transaction(f"observations {names}") as connection:
            for each in observations:
                values = asdict(each)
                values |= _identity(each.key) | asdict(each.load)
                del values["key"], values["load"]
                connection.execute(query("add_lane_observation"), values)

    def latest(
        self, key: CurveKey, limit: int, *, before: datetime | None = None
    ) -> Sequence[LaneObservation]:
        """Return a curve's latest observations; see `CurveBook.latest`."""
        with self._database.transaction(f"observations of {key.lane.value}") as connection:
            values = {**_identity(key), "limit": limit, "before": before}
            rows = connection.execute(query("latest_lane_observations"), values).fetchall()
        return [LaneObservation(row[0], key, Load(*row[1:5]), *row[5:]) for row in rows]

    def keep(self, curve: LaneCurve) -> None:
        """Put a curve in its place; see `CurveBook.keep`."""
        with self._database.transaction(f"curve of {curve.key.lane.value}") as connection:
            fitted = _CURVE.dump_json(curve, exclude={"limits"}).decode()
            values = {**_identity(curve.key), "curve": fitted}
            connection.execute(query("keep_lane_curve"), values)

    def keep_limits(self, key: CurveKey, limits: Sequence[DocumentLimit]) -> None:
        """Put limits in the place of a curve's; see `CurveBook.keep_limits`."""
        with self._database.transaction(f"limits of {key.lane.value}") as connection:
            values = {**_identity(key), "limits": _LIMITS.dump_json(list(limits)).decode()}
            connection.execute(query("keep_document_limits"), values)

    def curves(self, model_name: str) -> Sequence[LaneCurve]:
        """Return every curve of a model; see `CurveBook.curves`."""
        with self._database.transaction(f"curves for {model_name}") as connection:
            rows = connection.execute(query("lane_curves"), {"model_name": model_name}).fetchall()
        return [_CURVE.validate_python({**fitted, "limits": limits}) for fitted, limits in rows]

    def curve_keys(self) -> Sequence[CurveKey]:
        """Return whose curves are kept; see `CurveBook.curve_keys`."""
        with self._database.transaction("curves that are kept") as connection:
            rows = connection.execute(query("lane_curve_keys")).fetchall()
        return [CurveKey(Lane(lane), instance_type, model) for lane, instance_type, model in rows]

    def exploration(self, since: datetime) -> Exploration:
        """Return what placements came to; see `CurveBook.exploration`."""
        with self._database.transaction("placements since") as connection:
            row = connection.execute(query("exploration"), {"since": since}).fetchone()
        return Exploration(*row) if row else Exploration(0.0, 0.0)


def _identity(key: CurveKey) -> dict[str, object]:
    return {**asdict(key), "lane": key.lane.value}
