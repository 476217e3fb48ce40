"""What keeping the ledger needs of the world beside `include.pipeline.ports`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from include.domain.lanes import Lane
from include.domain.money.endpoint_time import ProvisionedEndpoint, ServingEndpoint
from include.domain.money.release_jobs import ReleaseJob
from include.domain.money.stores import StoredObjects, StoredRows, StoreProof
from include.domain.money.usage import Owner, UsageCharge


@dataclass(frozen=True, slots=True)
class ClosedBatch:
    """A batch whose use of the services around its lane is not booked yet.

    Attributes:
        lane: None where it was never placed.
        write_units: DynamoDB's request units of its rows, the index's included.
    """

    owner: Owner
    lane: Lane | None
    submitted_at: datetime
    closed_at: datetime
    write_units: int
    is_queued: bool


class UsageBook(Protocol):
    """Charges beside instance time. In Aurora. Every method may raise `StoreError`."""

    def unmetered(self, limit: int) -> Sequence[ClosedBatch]:
        """Return batches that closed since their usage was booked, the oldest first."""
        ...

    def book(self, charges: Sequence[UsageCharge]) -> None:
        """Book charges, all or none; one that stands gets the quantity and cost given."""
        ...

    def book_batch(
        self, batch: ClosedBatch, charges: Sequence[UsageCharge], *, work_bytes: int
    ) -> None:
        """The same for a batch, which is metered then until it closes anew.

        Args:
            work_bytes: that it has in the work bucket.
        """
        ...

    def unmetered_proofs(self, limit: int) -> Sequence[StoreProof]:
        """Return proofs of batches whose reads are not booked, the oldest first."""
        ...

    def book_proofs(self, proofs: Sequence[StoreProof], charges: Sequence[UsageCharge]) -> None:
        """Book what proofs have read, all or none; they are metered then."""
        ...

    def stored(self) -> Sequence[StoredRows]:
        """Return the prediction rows that stand now, by account and model version."""
        ...

    def stored_objects(self, since: datetime, before: datetime) -> Sequence[StoredObjects]:
        """Return what batches that closed in a time have in the work bucket, as `stored` does."""
        ...

    def stored_until(self) -> date | None:
        """Return the last day whose stored rows and objects are booked."""
        ...

    def endpoint_booked_until(self, name: str) -> datetime | None:
        """Return until when an endpoint's time, idle or provisioned, is booked."""
        ...

    def charged_hours(
        self, name: str, start: datetime, end: datetime, *, at_once: int | None = None
    ) -> float:
        """Return the hours of an endpoint that were charged for work ended in a period.

        Args:
            at_once: of what ran beside each other no more than so many count; all when None.
        """
        ...

    def open_since(self, lane: Lane) -> datetime | None:
        """Return since when the oldest batch that runs on a lane does; None without one."""
        ...

    def charged_jobs(self, since: datetime) -> Collection[str]:
        """Return the names of releases' jobs that are booked and ended since."""
        ...


class ServingEndpoints(Protocol):
    """Endpoints of ours on SageMaker. May raise `EndpointUnavailable`."""

    def in_service(self) -> Sequence[ServingEndpoint]:
        """Return the endpoints that have instances now; a serverless one has none."""
        ...

    def provisioned(self) -> Sequence[ProvisionedEndpoint]:
        """Return the serverless endpoints that keep environments warm now."""
        ...


class ReleaseJobs(Protocol):
    """Training and evaluation jobs of releases on SageMaker. May raise `EndpointUnavailable`."""

    def ended(self, since: datetime, *, but: Collection[str]) -> Sequence[ReleaseJob]:
        """Return the jobs that ran and ended since, but those named."""
        ...


class Grouping(StrEnum):
    """By what costs are told."""

    DAY = "day"
    ACCOUNT = "account"
    MODEL = "model"
    VERSION = "version"
    LANE = "lane"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class CostLine:
    """What a group of charges comes to, in USD.

    Attributes:
        name: the day, account, …; empty for charges that have none.
        documents: of the batches submitted meanwhile, faulty ones included.
    """

    name: str
    charges: int
    list_cost_usd: float
    billed_cost_usd: float
    waste_list_cost_usd: float
    is_emulated: bool
    documents: int

    @property
    def per_document_usd(self) -> float | None:
        """List cost a document; None without any."""
        return self.list_cost_usd / self.documents if self.documents else None
