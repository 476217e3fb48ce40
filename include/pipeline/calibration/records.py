"""What a calibration knows of a lane, as one JSON object: a retry goes on where it stopped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from include.domain.curves.calibration import Shape, Tried
from include.domain.lanes import Lane
from include.domain.model_ref import ModelRef
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.ports.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """What is asked of one lane.

    Attributes:
        key: the same names the same calibration.
        documents: sizes of probes; `document_tokens` their lengths.
        max_usd: list cost at the most, and `max_s` seconds, in which no probe is begun that is
            expected to go beyond them.
    """

    key: str
    lane: Lane
    model_name: str
    documents: tuple[int, ...]
    document_tokens: tuple[int, ...]
    max_usd: float
    max_s: float
    model_alias: str = "champion"

    @property
    def probe_root(self) -> str:
        """What the ids of its probes begin with."""
        identity = "\n".join((self.key, self.lane.value, self.model_name, self.model_alias))
        return "c-" + hashlib.sha256(identity.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class LaneCalibration:
    """How far it is.

    Attributes:
        current: the probe that runs; None between two.
        ended: why there is no further probe; empty while there may be.
    """

    lane: Lane
    model: ModelRef
    instance_type: str
    started_at: datetime
    tried: tuple[Tried, ...] = ()
    current: Shape | None = None
    current_expected_s: float = 0.0
    ended: str = ""

    @property
    def spent_usd(self) -> float:
        """List cost of its probes so far."""
        return sum(each.list_cost_usd for each in self.tried)


class CalibrationRecords:
    """Reads and writes the state of one lane's calibration."""

    def __init__(self, objects: ObjectStore, work_bucket: str, probe_root: str) -> None:
        self._objects = objects
        self._work_bucket = work_bucket
        self._root = probe_root
        self._uri = BatchLayout(work_bucket, probe_root).root + "calibration.json"

    def load(self) -> LaneCalibration | None:
        """Return the state; None before the first probe."""
        if not self._objects.exists(self._uri):
            return None
        return _STATE.validate_json(self._objects.read_text(self._uri))

    def save(self, state: LaneCalibration) -> None:
        """Write the state."""
        self._objects.write_text(self._uri, _STATE.dump_json(state).decode())

    def probe(self, number: int) -> BatchLayout:
        """Return where a probe's objects stand; it has a batch's layout and no row anywhere."""
        return BatchLayout(self._work_bucket, f"{self._root}-{number}")


_STATE = TypeAdapter(LaneCalibration)
