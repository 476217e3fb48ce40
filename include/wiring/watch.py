"""The composition root of watching deadlines. One method a use case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.wiring.batches.lanes import LaneWiring
from include.wiring.process_root import of_address, of_environment

if TYPE_CHECKING:
    from include.adapters.aws.clients import AwsAddress
    from include.domain.curves.lane_curve import LaneCurve
    from include.domain.lanes import Lane
    from include.domain.sla.events import SlaEvent
    from include.domain.sla.objectives import WeekOfTier
    from include.pipeline.sla.ports import SlaBook

SERVICES = ("s3",)
"""What watching needs of AWS."""


class Watch(LaneWiring):
    """Use cases of watching deadlines, wired to their adapters."""

    def attainment(self, weeks: int) -> Sequence[WeekOfTier]:
        """Return how many deadlines were met, by week and tier.

        Args:
            weeks: how many, from Monday, UTC; the one under way is the last of them.
        """
        from include.pipeline.sla.watch_weeks import WEEK, this_monday

        now = self._now().astimezone(UTC)
        return self.sla_book.attainment(this_monday(now) - (weeks - 1) * WEEK, now)

    def watch_weeks(self) -> Sequence[WeekOfTier]:
        """See `include.pipeline.sla.watch_weeks`."""
        from include.pipeline.sla.watch_weeks import watch_weeks

        return watch_weeks(
            self.lanes.objective, now=self._now(), book=self.sla_book, alerts=self.alert_book
        )

    def foresee_misses(self) -> list[SlaEvent]:
        """See `include.pipeline.sla.foresee_misses`."""
        from include.pipeline.money.budget_gate import BudgetGate
        from include.pipeline.sla.foresee_misses import ForeseePorts, Lanes, foresee_misses

        gate = BudgetGate(self.budget_book, self._now)
        return foresee_misses(
            self.layout,
            now=self._now(),
            policy=self.settings.sla_policy,
            lanes=Lanes(self.lanes.profiles(), self.settings.loading_documents_per_s),
            ports=ForeseePorts(self.objects, self.sla_book, self.alert_book, self._curves, gate),
        )

    def report_misses(self) -> list[SlaEvent]:
        """See `include.pipeline.sla.report_misses`."""
        from include.pipeline.sla.report_misses import report_misses

        return report_misses(
            self.layout,
            now=self._now(),
            loading_documents_per_s=self.settings.loading_documents_per_s,
            objects=self.objects,
            book=self.sla_book,
            alerts=self.alert_book,
        )

    def report_late_run(self, dag_id: str, run_id: str, due_at: datetime) -> bool:
        """See `include.pipeline.sla.report_late_run`."""
        from include.pipeline.sla.report_late_run import report_late_run

        return report_late_run(dag_id, run_id, due_at, now=self._now(), alerts=self.alert_book)

    def aws_in_use(self) -> AwsAddress:
        """Return which AWS the adapters talk to, for a process that must reach the same."""
        from include.adapters.aws.clients import AwsAddress

        return self.aws or AwsAddress.in_use(SERVICES)

    def _curves(self, model_name: str) -> Mapping[Lane, LaneCurve]:
        from include.pipeline.curves.learn_curves import known_of

        return known_of(
            model_name,
            profiles=self.lanes.profiles(),
            exploration_share=0.0,
            now=self._now(),
            book=self.curve_book,
        ).curves

    @cached_property
    def sla_book(self) -> SlaBook:
        """Deadlines and what became of them, in Aurora."""
        from include.adapters.postgres.batches.sla_book import PostgresSlaBook

        return PostgresSlaBook(self.database)


@cache
def watch() -> Watch:
    """Return the process's one composition, made from the environment."""
    return of_environment(Watch)


@cache
def watch_at(region: str, endpoint_urls: tuple[tuple[str, str], ...]) -> Watch:
    """Return the process's composition for an AWS that is told, not found in the environment."""
    return of_address(Watch, region, endpoint_urls)
