"""Charges for the jobs of releases: training and evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from include.domain.money.prices import PriceBook
from include.domain.money.usage import Owner, Period, UsageCharge, UsageKind, usage_charge


@dataclass(frozen=True, slots=True)
class ReleaseJob:
    """A job of a release that ran and has ended.

    Attributes:
        name: unique on the account for good.
        kind: `training` or `evaluation`.
        billed_s: instance seconds that are billed, over all instances.
        has_completed: it did its work; otherwise it failed or was stopped.
    """

    name: str
    kind: UsageKind
    model_name: str
    instance_type: str
    billed_s: float
    period: Period
    has_completed: bool


def job_charge(job: ReleaseJob, *, prices: PriceBook, is_emulated: bool) -> UsageCharge:
    """Return what a job cost; all of it is waste where it did not do its work.

    Raises:
        UnknownPrice: the book lacks the instance's price.
    """
    return usage_charge(
        kind=job.kind,
        owner=Owner(model_name=job.model_name),
        resource_id=job.name,
        price=prices.instance(job.instance_type),
        quantity=job.billed_s / 3600,
        period=job.period,
        is_emulated=is_emulated,
        waste_share=0.0 if job.has_completed else 1.0,
        charge_id=f"{job.name}/{job.kind.value}",
    )
