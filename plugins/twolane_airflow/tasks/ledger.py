"""Keeping the ledger as Airflow tasks; each returns what it booked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import task

if TYPE_CHECKING:
    from include.pipeline.money.keep_ledger import Booked


@task
def book_batches() -> dict[str, float]:
    """Book what closed batches used beside their lane."""
    from include.wiring.money import money

    return _told(money().book_batches())


@task
def book_proofs() -> dict[str, float]:
    """Book what proofs of batches have read of DynamoDB."""
    from include.wiring.money import money

    return _told(money().book_proofs())


@task
def book_storage() -> dict[str, float]:
    """Book what keeping rows and batches' objects costs, once a day."""
    from include.wiring.money import money

    return _told(money().book_storage())


@task
def book_idle_endpoints() -> dict[str, float]:
    """Book the time of endpoints that nobody used."""
    from include.wiring.money import money

    return _told(money().book_idle_endpoints())


@task
def book_provisioned() -> dict[str, float]:
    """Book the environments that serverless endpoints keep warm."""
    from include.wiring.money import money

    return _told(money().book_provisioned())


@task
def book_release_jobs() -> dict[str, float]:
    """Book the jobs of releases that have ended."""
    from include.wiring.money import money

    return _told(money().book_release_jobs())


@task
def publish_gauges() -> int:
    """Show in CloudWatch where today stands; return how many figures."""
    from include.wiring.money import money

    return money().publish_gauges()


def _told(booked: Booked) -> dict[str, float]:
    return {"charges": booked.charges, "list_cost_usd": booked.list_cost_usd}
