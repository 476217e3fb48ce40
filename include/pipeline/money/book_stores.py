"""Book what keeping rows and objects costs, and what proofs read back of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from include.domain.money.stores import StoredObjects, StoredRows, proof_charge, storage_charges
from include.domain.money.usage import Period, UsageCharge
from include.pipeline.money.keep_ledger import Booked, LedgerPorts

PROOFS_AT_ONCE = 200


def book_storage(now: datetime, *, kept_for: timedelta, ports: LedgerPorts) -> Booked:
    """Book what keeping rows and batches' objects costs on each whole day since the last.

    Rows are those of today; the first time, yesterday alone is booked.

    Args:
        kept_for: from a batch's closing until the work bucket lets go of its objects.

    Raises:
        UnknownPrice: the book lacks a price.
        StoreError: the database does not answer.
    """
    yesterday = (now.astimezone(UTC) - timedelta(days=1)).date()
    last = ports.book.stored_until()
    day = yesterday if last is None else last + timedelta(days=1)
    booked = Booked()
    if day > yesterday:
        return booked
    rows = ports.book.stored()
    while day <= yesterday:
        next_day = day + timedelta(days=1)
        objects = ports.book.stored_objects(_starts(day) - kept_for, _starts(next_day))
        charges = list(_day_charges(day, [*rows, *objects], ports))
        ports.book.book(charges)
        booked += Booked.of(charges)
        day = next_day
    return booked


def book_proofs(ports: LedgerPorts) -> Booked:
    """Book what proofs of batches have read, the oldest first, until none is left.

    Raises:
        UnknownPrice: the book lacks the price.
        StoreError: the database does not answer.
    """
    booked = Booked()
    while proofs := ports.book.unmetered_proofs(PROOFS_AT_ONCE):
        charges = [
            proof_charge(each, prices=ports.prices, is_emulated=ports.is_emulated)
            for each in proofs
        ]
        ports.book.book_proofs(proofs, charges)
        booked += Booked.of(charges)
    return booked


def _day_charges(
    day: date, stored: list[StoredRows | StoredObjects], ports: LedgerPorts
) -> Iterator[UsageCharge]:
    start = _starts(day)
    period = Period(start, start + timedelta(days=1))
    for each in stored:
        yield from storage_charges(
            each, prices=ports.prices, period=period, is_emulated=ports.is_emulated
        )


def _starts(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
