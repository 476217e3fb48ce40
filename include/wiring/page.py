"""The composition root of the page: what it shows, and the what-if form's answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.config import LanesFile, Settings, load_lanes, load_settings
from include.wiring.bootstrap import utc_now
from include.wiring.composition import Adapters

if TYPE_CHECKING:
    from include.pipeline.page.overview import Overview
    from include.pipeline.page.ports import PageBook


class Page(Adapters):
    """Use cases of the page, wired to their adapters."""

    def __init__(
        self, settings: Settings, lanes: LanesFile, now: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(settings)
        self.lanes = lanes
        self._now = now

    def overview(self, days: int) -> Overview:
        """See `include.pipeline.page.overview`.

        Args:
            days: that are looked at, today's included.
        """
        from include.pipeline.page.figures import Window
        from include.pipeline.page.overview import overview

        now = self._now()
        today = now.astimezone(UTC).date()
        return overview(
            Window(today - timedelta(days=days - 1), today),
            now=now,
            profiles=self.lanes.profiles(),
            default_model=self.settings.model_name,
            book=self.page_book,
            curve_book=self.curve_book,
        )

    @cached_property
    def page_book(self) -> PageBook:
        """The product's records, read only, in Aurora."""
        from include.adapters.postgres.page_book import PostgresPageBook

        return PostgresPageBook(self.database)


@cache
def page() -> Page:
    """Return the process's one composition, made from the environment."""
    settings = load_settings()
    return Page(settings, load_lanes(settings.lanes_file))
