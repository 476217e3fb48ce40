"""What somebody else wants of a batch's lane: kept beside the batch, read by its driver.

A driver looks for a wish at each look and follows it once. So whoever watches deadlines starts and
stops nothing itself, and never meets the driver at work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from include.domain.errors import ObjectMissing, RecordUnreadable
from include.domain.lanes import Lane
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.ports.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class LaneWish:
    """What is wanted.

    Attributes:
        lane: whose driver is to follow it.
        instances: that are to work for the batch in all; 0 for as many as do.
        leaves_spot: the work goes on on demand.
        at: when it was wished; None where nothing was.
    """

    lane: Lane
    instances: int = 0
    leaves_spot: bool = False
    at: datetime | None = None


class LaneWishes:
    """Reads and writes the wish of one batch."""

    def __init__(self, objects: ObjectStore, layout: BatchLayout) -> None:
        self._objects = objects
        self._uri = layout.lane_state("wish")

    def save(self, wish: LaneWish) -> None:
        """Write a wish, in the place of an earlier one."""
        self._objects.write_text(self._uri, _WISH.dump_json(wish).decode())

    def of(self, lane: Lane) -> LaneWish:
        """Return what is wanted of a lane: nothing, where there is no wish or another lane's.

        Raises:
            RecordUnreadable: what stands there is no wish.
        """
        try:
            wish = _WISH.validate_json(self._objects.read_text(self._uri))
        except ObjectMissing:
            return LaneWish(lane)
        except ValueError as exc:
            raise RecordUnreadable(f"{self._uri}: {exc}") from exc
        return wish if wish.lane is lane else LaneWish(lane)


_WISH = TypeAdapter(LaneWish)
