"""A batch as the read store gets it: manifest, placement, charges, closure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.database import Database
from include.domain.accounts import Account, Tier
from include.domain.batches.documents import QuarantinedDocument, QuarantineReason
from include.domain.lanes import Lane
from include.domain.money.costs import Charge, lane_charge
from include.domain.placement.routing import Alternative, Placement
from include.pipeline.ports.stores import BatchClosure
from tests.support.manifests import SUBMITTED_AT, make_manifest

BATCH = make_manifest("b-0001")

PLACEMENT = Placement(
    lane=Lane.PROCESSING,
    instance_type="ml.c5.xlarge",
    instance_count=1,
    latency_s=30.5,
    list_cost_usd=0.002,
    meets_deadline=True,
    reason="processing: cheapest lane in time",
    alternatives=(
        Alternative(Lane.SERVERLESS, 90.0, 0.01, "costs 5.0 × as much"),
        Alternative(Lane.PROCESSING, 30.5, 0.002, ""),
    ),
)


def closure(state: str = "succeeded", message: str = "") -> BatchClosure:
    return BatchClosure(
        state, message, SUBMITTED_AT + timedelta(seconds=50), True, "s3://twolane-work/report"
    )


def quarantined(row: int, **changes: Any) -> QuarantinedDocument:
    document = QuarantinedDocument(row, f"doc-{row}", QuarantineReason.EMPTY_TEXT, "no text", "")
    return replace(document, **changes)


def charge(**changes: Any) -> Charge:
    values: dict[str, Any] = {
        "batch_id": BATCH.batch_id,
        "lane": Lane.PROCESSING,
        "resource_id": "twolane-processing-b-0001",
        "sku": "ml.c5.xlarge",
        "price_usd_per_h": 0.2,
        "instance_count": 1,
        "started_at": SUBMITTED_AT,
        "ended_at": SUBMITTED_AT + timedelta(seconds=36),
        "is_emulated": True,
    }
    return lane_charge(**(values | changes))


@contextmanager
def opened(database_url: str) -> Iterator[Database]:
    """A product's database that knows the batch's account."""
    database = Database(database_url)
    PostgresAccountDirectory(database).put([Account(BATCH.account, Tier.STANDARD)])
    yield database
    database.close()
