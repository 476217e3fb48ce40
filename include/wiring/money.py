"""The composition root of money: the ledger, budgets, what-if. One method a use case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.config import Settings
from include.files.lanes_file import LanesFile
from include.files.prices import load_price_book
from include.wiring.composition import Adapters, utc_now
from include.wiring.process_root import of_environment

if TYPE_CHECKING:
    from include.domain.curves.moved import Move
    from include.domain.money.budgets import Budget, Spending
    from include.pipeline.money.backtest import Backtested, SeenBatch
    from include.pipeline.money.keep_ledger import Booked, LedgerPorts
    from include.pipeline.money.ports import CostLine, Grouping, ServingEndpoints


class Money(Adapters):
    """Use cases of money, wired to their adapters."""

    def __init__(
        self, settings: Settings, lanes: LanesFile, now: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(settings)
        self.lanes = lanes
        self._now = now

    def book_batches(self) -> Booked:
        """See `include.pipeline.money.keep_ledger.book_batches`."""
        from include.pipeline.money.keep_ledger import book_batches

        return book_batches(self.settings.work_bucket, self._ledger_ports)

    def book_storage(self) -> Booked:
        """See `include.pipeline.money.book_stores.book_storage`."""
        from include.pipeline.money.book_stores import book_storage

        kept_for = timedelta(days=self.settings.work_retention_days)
        return book_storage(self._now(), kept_for=kept_for, ports=self._ledger_ports)

    def book_proofs(self) -> Booked:
        """See `include.pipeline.money.book_stores.book_proofs`."""
        from include.pipeline.money.book_stores import book_proofs

        return book_proofs(self._ledger_ports)

    def book_idle_endpoints(self) -> Booked:
        """See `include.pipeline.money.book_endpoints.book_idle_endpoints`."""
        from include.pipeline.money.book_endpoints import book_idle_endpoints

        return book_idle_endpoints(self._now(), self._ledger_ports)

    def book_provisioned(self) -> Booked:
        """See `include.pipeline.money.book_endpoints.book_provisioned`."""
        from include.pipeline.money.book_endpoints import book_provisioned

        return book_provisioned(self._now(), self._ledger_ports)

    def book_release_jobs(self) -> Booked:
        """See `include.pipeline.money.book_releases`."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.jobs.ended_jobs import SageMakerEndedJobs
        from include.pipeline.money.book_releases import book_release_jobs

        jobs = SageMakerEndedJobs(client("sagemaker", self.aws))
        return book_release_jobs(self._now(), jobs, self._ledger_ports)

    def costs(self, by: Grouping, first: date, last: date) -> Sequence[CostLine]:
        """Return what days cost, from the first to the last, UTC, sorted by name."""
        return self.usage_book.costs(by, first, last)

    def traffic(self, first: date, last: date, account: str | None = None) -> list[SeenBatch]:
        """Return the batches that closed well, submitted from the first day to the last, UTC."""
        return self.usage_book.traffic(first, last, account)

    def backtest(
        self, first: date, last: date, max_replicas: int, learned: str | None = None
    ) -> Backtested | None:
        """See `include.pipeline.money.backtest`.

        Args:
            learned: a model: the newer half of its batches is predicted by what was seen before
                the first of them. All batches, by the lanes file alone, when None.

        Returns:
            None where no batch closed well in the time.
        """
        from include.pipeline.money.backtest import (
            Backtested,
            backtest,
            mean_document_tokens,
            newer_half,
        )

        batches: Sequence[SeenBatch] = self.traffic(first, last)
        lanes, predicted_by = self.lanes, "the lanes file"
        if learned is not None:
            batches = newer_half([each for each in batches if each.model_name == learned])
        if not batches:
            return None
        began = batches[0].arrival.at
        if learned is not None:
            tokens = mean_document_tokens(batches)
            lanes = self.learned_lanes(learned, document_tokens=tokens, before=began)
            predicted_by = f"the lanes file and what {learned} had shown before"
        found = backtest(
            batches,
            lanes.profiles(),
            max_replicas=max_replicas,
            loading_documents_per_s=self.settings.loading_documents_per_s,
        )
        return Backtested(predicted_by, began, any(each.is_emulated for each in batches), found)

    def learned_lanes(
        self, model_name: str, *, document_tokens: float, before: datetime | None = None
    ) -> LanesFile:
        """Return the lanes file with starts and rates as batches and probes have taught them.

        Args:
            document_tokens: of the documents that are meant.
            before: what was seen from then on is left out.
        """
        from include.pipeline.curves.learn_curves import curves_before

        lanes = dict(self.lanes.lanes)
        profiles = {profile.lane: profile for profile in self.lanes.profiles()}
        curves = self.curve_book.curves(model_name)
        if before is not None:
            curves = curves_before(
                before, model_name, profiles=self.lanes.profiles(), book=self.curve_book
            )
        for curve in curves:
            profile = profiles.get(curve.key.lane)
            if profile is not None and profile.instance_type == curve.key.instance_type:
                learned = curve.learned_profile(profile, document_tokens=document_tokens)
                values = {
                    "cold_start_s": learned.cold_start_s,
                    "tokens_per_s": learned.tokens_per_s,
                }
                lanes[curve.key.lane] = lanes[curve.key.lane].model_copy(update=values)
        return self.lanes.model_copy(update={"lanes": lanes})

    def watch_curves(self) -> Sequence[Move]:
        """See `include.pipeline.curves.watch_curves`."""
        from include.pipeline.curves.watch_curves import watch_curves

        return watch_curves(
            profiles=self.lanes.profiles(),
            now=self._now(),
            book=self.curve_book,
            alerts=self.alert_book,
        )

    def publish_gauges(self) -> int:
        """See `include.pipeline.money.gauges.publish_gauges`."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.cloudwatch.gauge_board import CloudWatchGauges
        from include.adapters.postgres.money.standings import PostgresStandings
        from include.pipeline.money.gauges import publish_gauges

        board = CloudWatchGauges(client("cloudwatch", self.aws))
        return publish_gauges(self._now(), PostgresStandings(self.database), board)

    def budgets_today(self) -> Sequence[tuple[Budget, Spending]]:
        """Return every budget with what today has come to."""
        return self.budget_book.budgets(self._now().astimezone(UTC).date())

    @cached_property
    def _ledger_ports(self) -> LedgerPorts:
        from include.pipeline.money.keep_ledger import LedgerPorts

        return LedgerPorts(
            objects=self.objects,
            book=self.usage_book,
            endpoints=self.serving_endpoints,
            prices=load_price_book(),
            is_emulated=self.settings.is_emulated,
        )

    @cached_property
    def serving_endpoints(self) -> ServingEndpoints:
        """Endpoints that cost money while they wait, in SageMaker."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.serving_endpoints import SageMakerServingEndpoints

        return SageMakerServingEndpoints(client("sagemaker", self.aws))


@cache
def money() -> Money:
    """Return the process's one composition, made from the environment."""
    return of_environment(Money)
