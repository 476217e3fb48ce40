"""The composition root of the watches: deadlines, idle GPUs, alerts. One method a use case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.config import LanesFile, Settings, load_lanes, load_settings
from include.wiring.bootstrap import utc_now
from include.wiring.lanes import LaneWiring

if TYPE_CHECKING:
    from include.adapters.aws.clients import AwsAddress
    from include.domain.sla.objectives import WeekOfTier
    from include.pipeline.sla.ports import SlaBook


class Watch(LaneWiring):
    """Use cases of the watches, wired to their adapters."""

    def __init__(
        self,
        settings: Settings,
        lanes: LanesFile,
        now: Callable[[], datetime] = utc_now,
        aws: AwsAddress | None = None,
    ) -> None:
        super().__init__(settings, aws)
        self.lanes = lanes
        self._now = now

    def attainment(self, weeks: int) -> Sequence[WeekOfTier]:
        """Return how many deadlines were met in the latest weeks, by week and tier."""
        now = self._now()
        return self.sla_book.attainment(now - timedelta(weeks=weeks), now)

    @cached_property
    def sla_book(self) -> SlaBook:
        """Deadlines and what became of them, in Aurora."""
        from include.adapters.postgres.sla_book import PostgresSlaBook

        return PostgresSlaBook(self.database)


@cache
def watch() -> Watch:
    """Return the process's one composition, made from the environment."""
    settings = load_settings()
    return Watch(settings, load_lanes(settings.lanes_file))
