"""UsageBook, ServingEndpoints and BudgetBook in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from include.domain.lanes import Lane
from include.domain.money.budgets import (
    ALL_ACCOUNTS,
    Budget,
    BudgetVerdict,
    Spending,
    Standing,
    judge,
    strictest,
)
from include.domain.money.endpoint_time import ProvisionedEndpoint, ServingEndpoint
from include.domain.money.release_jobs import ReleaseJob
from include.domain.money.stores import StoredObjects, StoredRows, StoreProof
from include.domain.money.usage import UsageCharge, UsageKind
from include.pipeline.money.ports import ClosedBatch

_ENDPOINTS = {UsageKind.ENDPOINT_TIME, UsageKind.PROVISIONED_CONCURRENCY}
_KEPT = {UsageKind.ROWS_STORED, UsageKind.OBJECTS_STORED}
_JOBS = {UsageKind.TRAINING, UsageKind.EVALUATION}


class FakeUsageBook:
    """Charges by id in `charges`; `waiting` batches and `proofs` are not metered yet.

    `objects` are those of batches, each with the time at which its batch closed.
    """

    def __init__(self, charged: float = 0.0, busy_since: datetime | None = None) -> None:
        self.charges: dict[str, UsageCharge] = {}
        self.waiting: list[ClosedBatch] = []
        self.rows: list[StoredRows] = []
        self.objects: list[tuple[datetime, StoredObjects]] = []
        self.work_bytes: dict[str | None, int] = {}
        self.proofs: list[StoreProof] = []
        self.charged = charged
        self.busy_since = busy_since
        self.asked: list[Lane] = []

    def unmetered(self, limit: int) -> Sequence[ClosedBatch]:
        return self.waiting[:limit]

    def book(self, charges: Sequence[UsageCharge]) -> None:
        self.charges.update({each.charge_id: each for each in charges})

    def book_batch(
        self, batch: ClosedBatch, charges: Sequence[UsageCharge], *, work_bytes: int
    ) -> None:
        self.book(charges)
        self.work_bytes[batch.owner.batch_id] = work_bytes
        self.waiting.remove(batch)

    def unmetered_proofs(self, limit: int) -> Sequence[StoreProof]:
        return self.proofs[:limit]

    def book_proofs(self, proofs: Sequence[StoreProof], charges: Sequence[UsageCharge]) -> None:
        self.book(charges)
        self.proofs = [each for each in self.proofs if each not in proofs]

    def stored(self) -> Sequence[StoredRows]:
        return self.rows

    def stored_objects(self, since: datetime, before: datetime) -> Sequence[StoredObjects]:
        return [each for closed_at, each in self.objects if since <= closed_at < before]

    def stored_until(self) -> date | None:
        kept = [c for c in self.charges.values() if c.kind in _KEPT]
        return max((each.period_start.date() for each in kept), default=None)

    def endpoint_booked_until(self, name: str) -> datetime | None:
        found = [
            each.period_end
            for each in self.charges.values()
            if each.kind in _ENDPOINTS and each.resource_id == name
        ]
        return max(found, default=None)

    def charged_hours(
        self, name: str, start: datetime, end: datetime, *, at_once: int | None = None
    ) -> float:
        return self.charged

    def open_since(self, lane: Lane) -> datetime | None:
        self.asked.append(lane)
        return self.busy_since

    def charged_jobs(self, since: datetime) -> set[str]:
        found = [each for each in self.charges.values() if each.kind in _JOBS]
        return {each.resource_id for each in found if each.period_end >= since}


class FakeServingEndpoints:
    """The endpoints given; `warm` are serverless."""

    def __init__(
        self,
        endpoints: Sequence[ServingEndpoint] = (),
        warm: Sequence[ProvisionedEndpoint] = (),
    ) -> None:
        self.endpoints = endpoints
        self.warm = warm

    def in_service(self) -> Sequence[ServingEndpoint]:
        return self.endpoints

    def provisioned(self) -> Sequence[ProvisionedEndpoint]:
        return self.warm


class FakeReleaseJobs:
    """The jobs given."""

    def __init__(self, jobs: Sequence[ReleaseJob] = ()) -> None:
        self.jobs = jobs

    def ended(self, since: datetime, *, but: Collection[str]) -> Sequence[ReleaseJob]:
        return [j for j in self.jobs if j.name not in but and j.period.end >= since]


class FakeBudgetBook:
    """Budgets and what was set aside; `charged_usd` is spent by every account, each day.

    `turned_away` are the batches that were refused before they were pulled.
    """

    def __init__(self, *budgets: Budget, charged_usd: float = 0.0) -> None:
        self.by_account = {each.account_id: each for each in budgets}
        self.reserved: dict[str, tuple[str, float]] = {}
        self.charged_usd = charged_usd
        self.turned_away: list[str] = []

    def put(self, budget: Budget, *, by: str) -> None:
        self.by_account[budget.account_id] = budget

    def remove(self, account_id: str) -> None:
        self.by_account.pop(account_id, None)

    def budgets(self, day: date) -> Sequence[tuple[Budget, Spending]]:
        return [(each, self._spending(each.account_id)) for each in self.by_account.values()]

    def look(self, account_id: str, batch_id: str, day: date) -> BudgetVerdict:
        verdict = self._judged(account_id, 0.0)
        if verdict.standing is Standing.REFUSED:
            self.turned_away.append(batch_id)
        return verdict

    def reserve(self, account_id: str, batch_id: str, asked_usd: float, day: date) -> BudgetVerdict:
        verdict = self._judged(account_id, asked_usd, but=batch_id)
        if self._over(account_id) and verdict.standing is not Standing.REFUSED:
            self.reserved[batch_id] = (account_id, asked_usd)
        return verdict

    def _over(self, account_id: str) -> list[Budget]:
        found = (self.by_account.get(each) for each in (ALL_ACCOUNTS, account_id))
        return [each for each in found if each is not None]

    def _judged(self, account_id: str, asked_usd: float, but: str = "") -> BudgetVerdict:
        return strictest(
            [
                judge(each, self._spending(each.account_id, but), asked_usd)
                for each in self._over(account_id)
            ]
        )

    def _spending(self, account_id: str, but: str = "") -> Spending:
        reserved = sum(
            usd
            for batch_id, (account, usd) in self.reserved.items()
            if account_id in (account, ALL_ACCOUNTS) and batch_id != but
        )
        return Spending(self.charged_usd, reserved)
