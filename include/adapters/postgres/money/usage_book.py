"""UsageBook on PostgreSQL, beside the charges of lanes; and the ledger summed up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from include.adapters.postgres.database import Database
from include.adapters.postgres.money.usage_rows import book_usage
from include.adapters.postgres.queries import query
from include.domain.lanes import Lane
from include.domain.money.stores import StoredObjects, StoredRows, StoreProof
from include.domain.money.usage import Owner, UsageCharge
from include.domain.what_if.scenario import Arrival
from include.pipeline.money.backtest import SeenBatch
from include.pipeline.money.ports import ClosedBatch, CostLine, Grouping


class PostgresUsageBook:
    """Table `usage_charges`, view `ledger` and what it is read by."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unmetered(self, limit: int) -> Sequence[ClosedBatch]:
        """See `UsageBook.unmetered`."""
        rows = self._rows("unmetered_batches", {"limit": limit})
        return [_closed_batch(*row) for row in rows]

    def book(self, charges: Sequence[UsageCharge]) -> None:
        """See `UsageBook.book`."""
        with self._database.transaction(f"{len(charges)} charges of usage") as connection:
            book_usage(connection, charges)

    def book_batch(
        self, batch: ClosedBatch, charges: Sequence[UsageCharge], *, work_bytes: int
    ) -> None:
        """See `UsageBook.book_batch`."""
        batch_id = batch.owner.batch_id
        with self._database.transaction(f"usage of batch {batch_id}") as connection:
            book_usage(connection, charges)
            values = {
                "batch_id": batch_id,
                "closed_at": batch.closed_at,
                "work_bytes": work_bytes,
            }
            connection.execute(query("mark_metered"), values)

    def unmetered_proofs(self, limit: int) -> Sequence[StoreProof]:
        """See `UsageBook.unmetered_proofs`."""
        rows = self._rows("unmetered_proofs", {"limit": limit})
        return [StoreProof(Owner(*row[:4]), *row[4:]) for row in rows]

    def book_proofs(self, proofs: Sequence[StoreProof], charges: Sequence[UsageCharge]) -> None:
        """See `UsageBook.book_proofs`."""
        proved = [{"batch_id": p.owner.batch_id, "proved_at": p.proved_at} for p in proofs]
        with self._database.transaction(f"reads of {len(proofs)} proofs") as connection:
            book_usage(connection, charges)
            connection.cursor().executemany(query("mark_proof_metered"), proved)

    def stored(self) -> Sequence[StoredRows]:
        """See `UsageBook.stored`."""
        return [StoredRows(*row) for row in self._rows("stored_rows")]

    def stored_objects(self, since: datetime, before: datetime) -> Sequence[StoredObjects]:
        """See `UsageBook.stored_objects`."""
        values = {"since": since, "before": before}
        return [StoredObjects(*row) for row in self._rows("stored_objects", values)]

    def stored_until(self) -> date | None:
        """See `UsageBook.stored_until`."""
        ((day,),) = self._rows("stored_rows_booked_until")
        return day if isinstance(day, date) else None

    def endpoint_booked_until(self, name: str) -> datetime | None:
        """See `UsageBook.endpoint_booked_until`."""
        ((moment,),) = self._rows("endpoint_booked_until", {"name": name})
        return moment if isinstance(moment, datetime) else None

    def charged_hours(
        self, name: str, start: datetime, end: datetime, *, at_once: int | None = None
    ) -> float:
        """See `UsageBook.charged_hours`."""
        values = {"name": name, "start": start, "end": end, "at_once": at_once}
        ((hours,),) = self._rows("charged_endpoint_hours", values)
        return float(hours)

    def open_since(self, lane: Lane) -> datetime | None:
        """See `UsageBook.open_since`."""
        ((moment,),) = self._rows("lane_busy_since", {"lane": lane.value})
        return moment if isinstance(moment, datetime) else None

    def charged_jobs(self, since: datetime) -> Collection[str]:
        """See `UsageBook.charged_jobs`."""
        return {name for (name,) in self._rows("charged_jobs", {"since": since})}

    def costs(self, by: Grouping, first: date, last: date) -> Sequence[CostLine]:
        """Return what days cost, from the first to the last, UTC, sorted by name."""
        values = {"by": by.value, "first": first, "last": last}
        return [
            CostLine(name, count, float(listed), float(billed), float(waste), emulated, documents)
            for name, count, listed, billed, waste, emulated, documents in self._rows(
                "costs_by", values
            )
        ]

    def traffic(self, first: date, last: date, account: str | None) -> list[SeenBatch]:
        """Return batches that closed well, with what they took and cost on their lane."""
        values = {"first": first, "last": last, "account": account}
        return [
            SeenBatch(Arrival(*row[:4]), Lane(row[4]), row[5], float(row[6]), *row[7:])
            for row in self._rows("ledger_traffic", values)
        ]

    def _rows(self, name: str, values: Mapping[str, object] | None = None) -> list[Any]:
        with self._database.transaction(name.replace("_", " ")) as connection:
            return connection.execute(query(name), values).fetchall()


def _closed_batch(
    batch_id: str,
    account: str,
    model_name: str,
    model_version: str,
    lane: str | None,
    *rest: Any,
) -> ClosedBatch:
    owner = Owner(batch_id, account, model_name, model_version)
    return ClosedBatch(owner, None if lane is None else Lane(lane), *rest)
