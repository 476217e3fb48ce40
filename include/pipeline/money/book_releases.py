"""Book what the jobs of releases cost, once each has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from include.domain.errors import UnknownPrice
from include.domain.money.release_jobs import job_charge
from include.pipeline.money.keep_ledger import Booked, LedgerPorts
from include.pipeline.money.ports import ReleaseJobs

LOOK_BACK = timedelta(days=30)
"""A job that ended longer ago, and was not booked since, is not looked for."""


def book_release_jobs(now: datetime, jobs: ReleaseJobs, ports: LedgerPorts) -> Booked:
    """Book the training and evaluation jobs that ended and are not booked, however they ended.

    Raises:
        UnknownPrice: the book lacks the price of an instance; every other job is booked.
        StoreError: the database does not answer.
        EndpointUnavailable: SageMaker does not answer.
    """
    since = now - LOOK_BACK
    charges, unpriced = [], []
    for job in jobs.ended(since, but=ports.book.charged_jobs(since)):
        try:
            charges.append(job_charge(job, prices=ports.prices, is_emulated=ports.is_emulated))
        except UnknownPrice as exc:
            unpriced.append(f"{job.name}: {exc}")
    ports.book.book(charges)
    if unpriced:
        raise UnknownPrice(" | ".join(unpriced))
    return Booked.of(charges)
