"""Charges of what is kept in the stores and in S3, and of what a proof reads back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from include.domain.money.prices import PriceBook, Service, Sku
from include.domain.money.usage import GB, Owner, Period, UsageCharge, UsageKind, usage_charge

HOURS_PER_MONTH = 730
"""AWS's own month, of which a GB-month is made."""
READ_UNIT_BYTES = 4096
"""What one of DynamoDB's request units reads consistently, or two of them otherwise."""
INDEX_PARTITIONS = 16
"""A batch is counted by one query each; a query's bytes are rounded up together."""


@dataclass(frozen=True, slots=True)
class StoredRows:
    """Prediction rows of an account and a model version, and their bytes in both stores."""

    account_id: str
    model_name: str
    model_version: str
    rows: int
    dynamodb_bytes: float
    aurora_bytes: float


@dataclass(frozen=True, slots=True)
class StoredObjects:
    """Bytes that batches of an account and a model version have in the work bucket."""

    account_id: str
    model_name: str
    model_version: str
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class StoreProof:
    """What a proof of a batch has read of DynamoDB.

    Attributes:
        index_bytes: of the batch's keys in the index, by which its items were counted.
        rows: of the batch, each below 4 KB.
        row_reads: how often every row was read, consistently; 0 for a proof by counts.
    """

    owner: Owner
    proved_at: datetime
    index_bytes: int
    rows: int
    row_reads: int

    @property
    def read_units(self) -> float:
        """DynamoDB's request units; the index is read with eventual consistency, for half."""
        blocks = math.ceil(self.index_bytes / INDEX_PARTITIONS / READ_UNIT_BYTES)
        return 0.5 * INDEX_PARTITIONS * max(1, blocks) + self.rows * self.row_reads


def storage_charges(
    stored: StoredRows | StoredObjects, *, prices: PriceBook, period: Period, is_emulated: bool
) -> list[UsageCharge]:
    """Return what keeping rows, or objects, for a period costs, in each store.

    Raises:
        UnknownPrice: the book lacks a price.
    """
    months = period.hours / HOURS_PER_MONTH
    is_rows = isinstance(stored, StoredRows)
    return [
        usage_charge(
            kind=UsageKind.ROWS_STORED if is_rows else UsageKind.OBJECTS_STORED,
            owner=Owner(None, stored.account_id, stored.model_name, stored.model_version),
            resource_id="predictions" if is_rows else "batches",
            price=prices.price(service, sku),
            quantity=stored_bytes / GB * months,
            period=period,
            is_emulated=is_emulated,
        )
        for service, sku, stored_bytes in _stores(stored)
    ]


def proof_charge(proof: StoreProof, *, prices: PriceBook, is_emulated: bool) -> UsageCharge:
    """Return what a proof's reads of DynamoDB cost its batch.

    Raises:
        UnknownPrice: the book lacks the price.
    """
    batch_id, at = proof.owner.batch_id, proof.proved_at
    return usage_charge(
        kind=UsageKind.ROWS_READ,
        owner=proof.owner,
        resource_id="predictions",
        price=prices.price(Service.DYNAMODB, Sku.DYNAMODB_READ),
        quantity=proof.read_units,
        period=Period(at, at),
        is_emulated=is_emulated,
        charge_id=f"{batch_id}/{UsageKind.ROWS_READ.value}/{at.isoformat()}",
    )


def _stores(stored: StoredRows | StoredObjects) -> Iterator[tuple[Service, Sku, float]]:
    if isinstance(stored, StoredObjects):
        yield Service.S3, Sku.S3_STORED, stored.stored_bytes
        return
    yield Service.DYNAMODB, Sku.DYNAMODB_STORED, stored.dynamodb_bytes
    yield Service.AURORA, Sku.AURORA_STORED, stored.aurora_bytes
