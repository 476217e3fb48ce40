"""UsageBook and ServingEndpoints in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from include.domain.lanes import Lane
from include.domain.usage import ServingEndpoint, StoredRows, UsageCharge, UsageKind
from include.pipeline.money.ports import ClosedBatch


class FakeUsageBook:
    """Charges by id in `charges`; `waiting` batches are not metered yet."""

    def __init__(self, charged: float = 0.0, busy_since: datetime | None = None) -> None:
        self.charges: dict[str, UsageCharge] = {}
        self.waiting: list[ClosedBatch] = []
        self.rows: list[StoredRows] = []
        self.charged = charged
        self.busy_since = busy_since

    def unmetered(self, limit: int) -> Sequence[ClosedBatch]:
        return self.waiting[:limit]

    def book(self, charges: Sequence[UsageCharge]) -> None:
        self.charges.update({each.charge_id: each for each in charges})

    def book_batch(self, batch: ClosedBatch, charges: Sequence[UsageCharge]) -> None:
        self.book(charges)
        self.waiting.remove(batch)

    def stored(self) -> Sequence[StoredRows]:
        return self.rows

    def stored_until(self) -> date | None:
        kept = [c for c in self.charges.values() if c.kind is UsageKind.ROWS_STORED]
        return max((each.period_start.date() for each in kept), default=None)

    def endpoint_booked_until(self, name: str) -> datetime | None:
        found = [
            each.period_end
            for each in self.charges.values()
            if each.kind is UsageKind.ENDPOINT_TIME and each.resource_id == name
        ]
        return max(found, default=None)

    def charged_hours(self, name: str, start: datetime, end: datetime) -> float:
        return self.charged

    def open_since(self, lane: Lane) -> datetime | None:
        return self.busy_since


class FakeServingEndpoints:
    """The endpoints given."""

    def __init__(self, endpoints: Sequence[ServingEndpoint] = ()) -> None:
        self.endpoints = endpoints

    def in_service(self) -> Sequence[ServingEndpoint]:
        return self.endpoints
