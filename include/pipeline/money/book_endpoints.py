"""Book what endpoints cost while they wait. Goes on where it stopped, and books nothing twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from include.domain.lanes import Lane
from include.domain.money.endpoint_time import (
    ProvisionedEndpoint,
    ServingEndpoint,
    idle_charge,
    provisioned_charge,
)
from include.domain.money.usage import Period, UsageCharge
from include.pipeline.money.keep_ledger import Booked, LedgerPorts

Endpoint = ServingEndpoint | ProvisionedEndpoint

LONGEST_LOOK = timedelta(hours=1, minutes=10)
"""Between two looks at an endpoint that has instances: the DAG's hour, and its delay."""


def book_idle_endpoints(now: datetime, ports: LedgerPorts) -> Booked:
    """Book the time of endpoints' instances that no batch was charged for.

    Each endpoint's instances now are taken for those it had since it was last looked at. One that
    was not looked at for over an hour had none then: it is taken to have had them since it was last
    changed. Time at which a batch still runs on the lane is left for later: its own charge comes
    when it closes.

    Raises:
        UnknownPrice: the book lacks a price.
        StoreError: the database does not answer.
        EndpointUnavailable: SageMaker does not answer.
    """
    until = _closed_until(Lane.ASYNC_ENDPOINT, now, ports)
    return _book(ports.endpoints.in_service(), until, ports)


def book_idle_until(names: Collection[str], now: datetime, ports: LedgerPorts) -> Booked:
    """The same up to now for endpoints that lose their instances now; no batch needs them.

    Raises:
        UnknownPrice: the book lacks a price.
        StoreError: the database does not answer.
        EndpointUnavailable: SageMaker does not answer.
    """
    theirs = [each for each in ports.endpoints.in_service() if each.name in names]
    return _book(theirs, now, ports)


def book_provisioned(now: datetime, ports: LedgerPorts) -> Booked:
    """Book what serverless endpoints cost for the environments that they keep warm.

    The same is taken for granted as of instances, and batches that run are waited for, too: what
    they call is no waste.

    Raises:
        UnknownPrice: the book lacks a price.
        StoreError: the database does not answer.
        EndpointUnavailable: SageMaker does not answer.
    """
    until = _closed_until(Lane.SERVERLESS, now, ports)
    return _book(ports.endpoints.provisioned(), until, ports)


def _closed_until(lane: Lane, now: datetime, ports: LedgerPorts) -> datetime:
    running = ports.book.open_since(lane)
    return now if running is None else min(now, running)


def _book(endpoints: Iterable[Endpoint], until: datetime, ports: LedgerPorts) -> Booked:
    charges = list(_charges(endpoints, until, ports))
    ports.book.book(charges)
    return Booked.of(charges)


def _charges(
    endpoints: Iterable[Endpoint], until: datetime, ports: LedgerPorts
) -> Iterator[UsageCharge]:
    for endpoint in endpoints:
        start = _start(endpoint, until, ports)
        if start >= until:
            continue
        at_once = endpoint.environments if isinstance(endpoint, ProvisionedEndpoint) else None
        hours = ports.book.charged_hours(endpoint.name, start, until, at_once=at_once)
        charge = _charge(endpoint, hours, Period(start, until), ports)
        if charge is not None:
            yield charge


def _start(endpoint: Endpoint, until: datetime, ports: LedgerPorts) -> datetime:
    booked_until = ports.book.endpoint_booked_until(endpoint.name) or endpoint.since
    start = max(booked_until, endpoint.since)
    if endpoint.changed_at is not None and until - start > LONGEST_LOOK:
        return max(start, endpoint.changed_at)
    return start


def _charge(
    endpoint: Endpoint, hours: float, period: Period, ports: LedgerPorts
) -> UsageCharge | None:
    """Return what an endpoint cost, `hours` of which were charged already."""
    prices, is_emulated = ports.prices, ports.is_emulated
    if isinstance(endpoint, ServingEndpoint):
        return idle_charge(
            endpoint, charged_hours=hours, prices=prices, period=period, is_emulated=is_emulated
        )
    return provisioned_charge(
        endpoint, called_hours=hours, prices=prices, period=period, is_emulated=is_emulated
    )
