"""What things cost: list prices, dated, each with its source.

A SageMaker `ml.*` instance is another product than the EC2 instance it runs on, and costs more: a
price belongs to a service, and a name without its service has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from include.domain.errors import UnknownPrice


class Service(StrEnum):
    """Who bills, by FOCUS's `ServiceName`."""

    SAGEMAKER = "Amazon SageMaker"
    EC2 = "Amazon EC2"
    S3 = "Amazon S3"
    DYNAMODB = "Amazon DynamoDB"
    SQS = "Amazon SQS"
    AURORA = "Amazon Aurora"


class Unit(StrEnum):
    """What a price is for, by FOCUS's `PricingUnit`."""

    HOUR = "Hours"
    GB_SECOND = "GB-Seconds"
    GB = "GB"
    GB_MONTH = "GB-Months"
    REQUEST = "Requests"
    REQUEST_UNIT = "Request Units"


class Term(StrEnum):
    """On what terms a price holds."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"


class Sku(StrEnum):
    """Products that are no instance. AWS's own usage types, where we know them."""

    SERVERLESS_TIME = "serverless-memory"
    SERVERLESS_PROVISIONED = "serverless-provisioned"
    SERVERLESS_DATA = "serverless-data"
    S3_PUT = "Requests-Tier1"
    S3_GET = "Requests-Tier2"
    S3_STORED = "TimedStorage-ByteHrs"
    DYNAMODB_WRITE = "WriteRequestUnits"
    DYNAMODB_READ = "ReadRequestUnits"
    DYNAMODB_STORED = "dynamodb-storage"
    SQS_REQUEST = "sqs-standard"
    AURORA_STORED = "aurora-storage"


@dataclass(frozen=True, slots=True)
class PriceKey:
    """Which price."""

    service: Service
    sku: str
    term: Term = Term.ON_DEMAND


@dataclass(frozen=True, slots=True)
class Price:
    """One list price.

    Attributes:
        usd: for one `unit`.
        as_of: the day the source was read, or said that it held.
    """

    key: PriceKey
    unit: Unit
    usd: float
    as_of: date
    source: str

    def cost(self, quantity: float) -> float:
        """Return the list cost in US dollars of a quantity in `unit`.

        Raises:
            ValueError: the quantity is negative.
        """
        if quantity < 0:
            raise ValueError(f"{quantity} {self.unit.value} of {self.key.sku}")
        return self.usd * quantity


def lane_price(instance_type: str, usd_per_h: float, day: date) -> Price:
    """Return what an hour on a lane costs, as its profile has it on a day."""
    key = PriceKey(Service.SAGEMAKER, instance_type)
    return Price(key, Unit.HOUR, usd_per_h, day, "the lane's profile")


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Every price of a region."""

    region: str
    prices: Mapping[PriceKey, Price] = field(default_factory=dict)

    @classmethod
    def of(cls, region: str, prices: Iterable[Price]) -> PriceBook:
        """Return a book of prices.

        Raises:
            ValueError: a price stands twice.
        """
        found: dict[PriceKey, Price] = {}
        for price in prices:
            if price.key in found:
                raise ValueError(f"{_name(price.key)}: has two prices")
            found[price.key] = price
        return cls(region, found)

    def price(self, service: Service, sku: str, term: Term = Term.ON_DEMAND) -> Price:
        """Return a price.

        Raises:
            UnknownPrice: the book has none.
        """
        key = PriceKey(service, sku, term)
        if key not in self.prices:
            raise UnknownPrice(
                f"no price of {_name(key)} in {self.region}; add it to a file in include/prices, "
                "or read AWS's price list with `python -m include.cli.refresh_prices`"
            )
        return self.prices[key]

    def instance(self, name: str, term: Term = Term.ON_DEMAND) -> Price:
        """Return an instance's price an hour: SageMaker's where its name begins with `ml.`.

        Raises:
            UnknownPrice: the book has none.
        """
        service = Service.SAGEMAKER if name.startswith("ml.") else Service.EC2
        return self.price(service, name, term)


def _name(key: PriceKey) -> str:
    return f"{key.service.value} {key.sku} ({key.term.value.replace('_', ' ')})"
