"""Charges for endpoints that wait: instances beyond batches' work, and environments kept warm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from include.domain.money.prices import PriceBook, Service, Sku
from include.domain.money.usage import Owner, Period, UsageCharge, UsageKind, usage_charge


@dataclass(frozen=True, slots=True)
class ServingEndpoint:
    """An endpoint with instances in service, which are billed whether they work or not.

    Attributes:
        since: when it was made.
        changed_at: when it was last changed, its instances' number included; None where it is not
            known.
    """

    name: str
    model_name: str
    model_version: str
    instance_type: str
    instance_count: int
    since: datetime
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProvisionedEndpoint:
    """A serverless endpoint that keeps environments warm, which are billed beside its calls.

    Attributes:
        memory_gb: of an environment.
        environments: its provisioned concurrency.
        since: when it was made.
        changed_at: when it was last changed; None where it is not known.
    """

    name: str
    model_name: str
    model_version: str
    memory_gb: float
    environments: int
    since: datetime
    changed_at: datetime | None = None


def idle_charge(
    endpoint: ServingEndpoint,
    *,
    charged_hours: float,
    prices: PriceBook,
    period: Period,
    is_emulated: bool,
) -> UsageCharge | None:
    """Return what an endpoint's instances cost beyond what batches were charged for them.

    All of it is waste. None where batches were charged for all.

    Args:
        charged_hours: instance hours on the endpoint that batches were charged in the period.

    Raises:
        UnknownPrice: the book lacks the instance's price.
    """
    hours = endpoint.instance_count * period.hours - charged_hours
    if hours <= 0 or math.isclose(hours, 0.0, abs_tol=1e-9):
        return None
    return usage_charge(
        kind=UsageKind.ENDPOINT_TIME,
        owner=Owner(None, None, endpoint.model_name, endpoint.model_version),
        resource_id=endpoint.name,
        price=prices.instance(endpoint.instance_type),
        quantity=hours,
        period=period,
        is_emulated=is_emulated,
        waste_share=1.0,
    )


def provisioned_charge(
    endpoint: ProvisionedEndpoint,
    *,
    called_hours: float,
    prices: PriceBook,
    period: Period,
    is_emulated: bool,
) -> UsageCharge | None:
    """Return what keeping environments warm costs, called or not; None for no time.

    The share of the time in which none was called is waste.

    Args:
        called_hours: hours of environments in which they were called in the period; of calls that
            ran beside each other no more than there are environments.

    Raises:
        UnknownPrice: the book lacks the price.
    """
    hours = endpoint.environments * period.hours
    if hours <= 0:
        return None
    return usage_charge(
        kind=UsageKind.PROVISIONED_CONCURRENCY,
        owner=Owner(None, None, endpoint.model_name, endpoint.model_version),
        resource_id=endpoint.name,
        price=prices.price(Service.SAGEMAKER, Sku.SERVERLESS_PROVISIONED),
        quantity=hours * 3600 * endpoint.memory_gb,
        period=period,
        is_emulated=is_emulated,
        waste_share=1.0 - min(1.0, called_hours / hours),
    )
