"""Book what closed batches have used beside their lanes.

Each part of the ledger goes on where it stopped, and books nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.domain.lanes import Lane
from include.domain.money.prices import PriceBook
from include.domain.money.usage import BatchUsage, Period, UsageCharge, batch_charges
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.money.ports import ClosedBatch, ServingEndpoints, UsageBook
from include.pipeline.ports.objects import ObjectInfo, ObjectStore

BATCHES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class LedgerPorts:
    """What keeping the ledger needs of the world.

    Attributes:
        is_emulated: whether the services are, so that nothing is billed.
    """

    objects: ObjectStore
    book: UsageBook
    endpoints: ServingEndpoints
    prices: PriceBook
    is_emulated: bool


@dataclass(frozen=True, slots=True)
class Booked:
    """What was booked: charges, and their list cost in USD."""

    charges: int = 0
    list_cost_usd: float = 0.0

    @classmethod
    def of(cls, charges: Sequence[UsageCharge]) -> Booked:
        """Return the sum of charges."""
        return cls(len(charges), sum(each.list_cost for each in charges))

    def __add__(self, other: Booked) -> Booked:
        return Booked(self.charges + other.charges, self.list_cost_usd + other.list_cost_usd)


def book_batches(work_bucket: str, ports: LedgerPorts) -> Booked:
    """Book what closed batches used, the oldest first, until none is left.

    Raises:
        UnknownPrice: the book lacks a price.
        StoreError: the database does not answer.
    """
    booked = Booked()
    while batches := ports.book.unmetered(BATCHES_AT_ONCE):
        for batch in batches:
            layout = BatchLayout(work_bucket, batch.owner.batch_id or "")
            found = ports.objects.list_objects(layout.root)
            charges = _batch_charges(layout, found, batch, ports)
            work_bytes = sum(each.size_bytes for each in found)
            ports.book.book_batch(batch, charges, work_bytes=work_bytes)
            booked += Booked.of(charges)
    return booked


def _batch_charges(
    layout: BatchLayout, found: Sequence[ObjectInfo], batch: ClosedBatch, ports: LedgerPorts
) -> Sequence[UsageCharge]:
    carried = (layout.input_prefix, layout.output_prefix)
    usage = BatchUsage(
        objects=len(found),
        shards=sum(each.uri.startswith(layout.root + "shards/") for each in found),
        write_units=batch.write_units,
        serverless_bytes=(
            sum(each.size_bytes for each in found if each.uri.startswith(carried))
            if batch.lane is Lane.SERVERLESS
            else 0
        ),
        is_queued=batch.is_queued,
    )
    period = Period(batch.submitted_at, max(batch.submitted_at, batch.closed_at))
    return batch_charges(
        usage, batch.owner, prices=ports.prices, period=period, is_emulated=ports.is_emulated
    )
