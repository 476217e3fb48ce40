"""Charges beside the lanes' instance time: their kinds, and those of requests, rows and bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from include.domain.money.prices import Price, PriceBook, Service, Sku

READS_PER_SHARD = 5
"""GETs a shard takes at the least: validated, classified, collected, loaded into two stores."""
QUEUE_REQUESTS = 3
"""Requests a message takes at the least: sent, received, deleted."""
GB = 2**30


class UsageKind(StrEnum):
    """What a charge beside instance time is for."""

    REQUESTS = "requests"
    DATA = "data"
    ROWS_WRITTEN = "rows_written"
    ROWS_STORED = "rows_stored"
    ROWS_READ = "rows_read"
    OBJECTS_STORED = "objects_stored"
    ENDPOINT_TIME = "endpoint_time"
    PROVISIONED_CONCURRENCY = "provisioned_concurrency"
    CALIBRATION = "calibration"
    TRAINING = "training"
    EVALUATION = "evaluation"
    COMPARISON = "comparison"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a charge is for; empty where it is for nobody alone."""

    batch_id: str | None = None
    account_id: str | None = None
    model_name: str | None = None
    model_version: str | None = None


@dataclass(frozen=True, slots=True)
class UsageCharge:
    """One charge beside instance time.

    Attributes:
        charge_id: deterministic, so that a repetition books it once.
        quantity: in the price's unit.
        list_cost: USD at list price.
        billed_cost: USD on a bill; 0 where the service was emulated.
        waste_cost: the part of `list_cost` that gave nothing: no prediction, no release.
    """

    charge_id: str
    kind: UsageKind
    owner: Owner
    resource_id: str
    price: Price
    quantity: float
    list_cost: float
    billed_cost: float
    waste_cost: float
    is_emulated: bool
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when, timezone-aware.

    Raises:
        ValueError: it ends before it starts.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a period from {self.start} to {self.end}")

    @property
    def hours(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds() / 3600


def usage_charge(
    *,
    kind: UsageKind,
    owner: Owner,
    resource_id: str,
    price: Price,
    quantity: float,
    period: Period,
    is_emulated: bool,
    waste_share: float = 0.0,
    charge_id: str = "",
) -> UsageCharge:
    """Return the charge for a quantity, at list price.

    Args:
        waste_share: of the cost, 0 to 1.
        charge_id: made of owner, kind, price and start where it is empty.

    Raises:
        ValueError: the quantity is negative.
    """
    list_cost = price.cost(quantity)
    whose = owner.batch_id or owner.account_id or resource_id
    at = "" if owner.batch_id else f"/{period.start.isoformat()}"
    return UsageCharge(
        charge_id=charge_id
        or f"{whose}/{kind.value}/{price.key.service.value}/{price.key.sku}{at}"
        + (f"/{owner.model_name}@{owner.model_version}" if owner.model_name and at else ""),
        kind=kind,
        owner=owner,
        resource_id=resource_id,
        price=price,
        quantity=quantity,
        list_cost=list_cost,
        billed_cost=0.0 if is_emulated else list_cost,
        waste_cost=list_cost * waste_share,
        is_emulated=is_emulated,
        period_start=period.start,
        period_end=period.end,
    )


@dataclass(frozen=True, slots=True)
class BatchUsage:
    """What a closed batch has asked of the services around its lane.

    Attributes:
        objects: that stand in S3 for it; each was put at least once.
        shards: as pulled.
        write_units: DynamoDB's request units, the index's included: one a started KB.
        serverless_bytes: sent to and answered by the serverless endpoint.
        is_queued: it came by a queue.
    """

    objects: int
    shards: int
    write_units: int
    serverless_bytes: int = 0
    is_queued: bool = False

    def quantities(self) -> Iterator[tuple[UsageKind, Service, Sku, float]]:
        """Yield what was used and how much, in the price's unit; nothing of what was not used."""
        every = (
            (UsageKind.REQUESTS, Service.S3, Sku.S3_PUT, self.objects),
            (UsageKind.REQUESTS, Service.S3, Sku.S3_GET, self.shards * READS_PER_SHARD),
            (UsageKind.ROWS_WRITTEN, Service.DYNAMODB, Sku.DYNAMODB_WRITE, self.write_units),
            (UsageKind.DATA, Service.SAGEMAKER, Sku.SERVERLESS_DATA, self.serverless_bytes / GB),
            (
                UsageKind.REQUESTS,
                Service.SQS,
                Sku.SQS_REQUEST,
                QUEUE_REQUESTS if self.is_queued else 0,
            ),
        )
        return (each for each in every if each[3])


def batch_charges(
    usage: BatchUsage, owner: Owner, *, prices: PriceBook, period: Period, is_emulated: bool
) -> list[UsageCharge]:
    """Return what a batch is charged for beside its lane.

    Raises:
        UnknownPrice: the book lacks a price.
    """
    return [
        usage_charge(
            kind=kind,
            owner=owner,
            resource_id=owner.batch_id or "",
            price=prices.price(service, sku),
            quantity=quantity,
            period=period,
            is_emulated=is_emulated,
        )
        for kind, service, sku, quantity in usage.quantities()
    ]
