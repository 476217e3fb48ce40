"""Aurora's adapters, imported and built when they are first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from include.config import Settings

if TYPE_CHECKING:
    from include.adapters.postgres.database import Database
    from include.adapters.postgres.money.usage_book import PostgresUsageBook
    from include.pipeline.alerts.ports import AlertBook
    from include.pipeline.comparison.ports import ComparisonBook
    from include.pipeline.curves.ports import CurveBook
    from include.pipeline.lanes.health_ports import LaneHealthStore
    from include.pipeline.money.budget_gate import BudgetBook
    from include.pipeline.ports.directories import AccountDirectory
    from include.pipeline.ports.stores import ReadStore
    from include.pipeline.promotion.promotion_ports import PromotionBook
    from include.pipeline.promotion.retire_versions import VersionUsage
    from include.pipeline.queues.ports import QueueLedger
    from include.pipeline.reconciliation.reconcile_ports import ProofBook


class PostgresAdapters:
    """Books and stores in Aurora, over one connection a process."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        """The product's database, one connection a process."""
        from include.adapters.postgres.database import Database

        return Database(self.settings.database_url.get_secret_value())

    @cached_property
    def accounts(self) -> AccountDirectory:
        """Accounts, in Aurora."""
        from include.adapters.postgres.accounts import PostgresAccountDirectory

        return PostgresAccountDirectory(self.database)

    @cached_property
    def read_store(self) -> ReadStore:
        """Aurora PostgreSQL."""
        from include.adapters.postgres.batches.read_store import PostgresReadStore

        return PostgresReadStore(self.database)

    @cached_property
    def book(self) -> ProofBook:
        """Proofs, in Aurora."""
        from include.adapters.postgres.batches.proof_book import PostgresProofBook

        return PostgresProofBook(self.database)

    @cached_property
    def queue_ledger(self) -> QueueLedger:
        """Requests that came by queues, in Aurora."""
        from include.adapters.postgres.batches.queue_ledger import PostgresQueueLedger

        return PostgresQueueLedger(self.database)

    @cached_property
    def lane_health(self) -> LaneHealthStore:
        """Circuit breakers, in Aurora."""
        from include.adapters.postgres.lanes.lane_health import PostgresLaneHealth

        return PostgresLaneHealth(self.database)

    @cached_property
    def curve_book(self) -> CurveBook:
        """What lanes took, and their curves, in Aurora."""
        from include.adapters.postgres.lanes.curve_book import PostgresCurveBook

        return PostgresCurveBook(self.database)

    @cached_property
    def promotions(self) -> PromotionBook:
        """The history of champions, in Aurora."""
        from include.adapters.postgres.models.promotion_book import PostgresPromotionBook

        return PostgresPromotionBook(self.database)

    @cached_property
    def comparisons(self) -> ComparisonBook:
        """Comparisons of two versions, in Aurora."""
        from include.adapters.postgres.models.comparison_book import PostgresComparisonBook

        return PostgresComparisonBook(self.database)

    @cached_property
    def version_usage(self) -> VersionUsage:
        """Versions that batches use, in Aurora."""
        from include.adapters.postgres.models.version_usage import PostgresVersionUsage

        return PostgresVersionUsage(self.database)

    @cached_property
    def budget_book(self) -> BudgetBook:
        """Budgets of accounts, in Aurora."""
        from include.adapters.postgres.money.budget_book import PostgresBudgetBook

        return PostgresBudgetBook(self.database)

    @cached_property
    def usage_book(self) -> PostgresUsageBook:
        """Charges beside lanes, and sums of all, in Aurora."""
        from include.adapters.postgres.money.usage_book import PostgresUsageBook

        return PostgresUsageBook(self.database)

    @cached_property
    def alert_book(self) -> AlertBook:
        """What people should hear of, in Aurora."""
        from datetime import timedelta

        from include.adapters.postgres.alerts.alert_book import PostgresAlertBook

        quiet = timedelta(seconds=self.settings.alert_quiet_s)
        return PostgresAlertBook(self.database, quiet=quiet)
