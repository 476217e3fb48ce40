"""The composition root of the page: what it shows, and the what-if form's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.config import Settings
from include.domain.queues.lane_class import LaneClass
from include.files.lanes_file import LanesFile
from include.wiring.composition import Adapters, utc_now
from include.wiring.process_root import of_environment

if TYPE_CHECKING:
    from include.domain.what_if.answer import Answer
    from include.pipeline.page.figures import Window
    from include.pipeline.page.overview import Overview
    from include.pipeline.page.ports import PageBook
    from include.pipeline.page.what_if import Question

OWN_FLEET = "your fleet"
"""What the form's fleet is called among the others."""


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
        from include.pipeline.page.overview import overview

        return overview(
            self.last_days(days),
            now=self._now(),
            profiles=self.lanes.profiles(),
            promised=self.lanes.attainment,
            default_model=self.settings.model_name,
            book=self.page_book,
            curve_book=self.curve_book,
            queues={each: self.settings.queue_name(each) for each in LaneClass},
            gauges=self.queue_gauges,
        )

    def what_if(
        self, fleet: Mapping[str, object], question: Question, *, compare: bool
    ) -> Sequence[Answer]:
        """See `include.pipeline.page.what_if`.

        Args:
            fleet: as a table of a scenarios file has it.
            compare: answer for the scenarios of `include/sample/scenarios.toml` too.

        Raises:
            ScenarioRefused: the fleet makes no sense, or there is no traffic or too much.
            UnknownPrice: the book lacks the fleet's instance, and no price is given.
        """
        from include.files.prices import load_price_book
        from include.files.scenarios import SCENARIOS_FILE, load_scenarios, make_scenario
        from include.pipeline.page.what_if import ask_what_if

        prices = load_price_book()
        scenarios = [make_scenario(OWN_FLEET, fleet, self.lanes, prices)]
        if compare:
            scenarios += load_scenarios(SCENARIOS_FILE, self.lanes, prices)
        return ask_what_if(question, scenarios, self.page_book)

    def last_days(self, days: int) -> Window:
        """Return the last days, UTC, today's included."""
        from include.pipeline.page.figures import Window

        today = self._now().astimezone(UTC).date()
        return Window(today - timedelta(days=days - 1), today)

    @cached_property
    def page_book(self) -> PageBook:
        """The product's records, read only, in Aurora."""
        from include.adapters.postgres.money.page_book import PostgresPageBook

        return PostgresPageBook(self.database)


@cache
def page() -> Page:
    """Return the process's one composition, made from the environment."""
    return of_environment(Page)
