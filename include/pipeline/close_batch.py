"""Close: reconcile the stores, book the charge, write the report, give the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.costs import lane_charge
from include.domain.errors import StoreError
from include.domain.lanes import LaneProfile
from include.domain.manifests import BatchManifest
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.batch_report import REPORT_CONTENT_TYPE, batch_facts
from include.pipeline.ports import (
    BatchClosure,
    ObjectStore,
    QualityGate,
    ReadStore,
    WriteStore,
)
from include.pipeline.reconcile_batch import ReconcilePorts, reconcile_batch
from include.pipeline.reconcile_ports import ProofBook, Scope
from include.pipeline.records import BatchRecords, Collection, Validation


@dataclass(frozen=True, slots=True)
class ClosePorts:
    """What closing needs of the world."""

    objects: ObjectStore
    gate: QualityGate
    read_store: ReadStore
    write_store: WriteStore
    book: ProofBook


def close_batch(
    layout: BatchLayout,
    *,
    loaded_at: datetime,
    profiles: Sequence[LaneProfile],
    is_emulated: bool,
    ports: ClosePorts,
) -> BatchClosure:
    """Close a loaded batch.

    Args:
        loaded_at: when both stores had every row; the deadline is judged by it.

    Raises:
        StoreError: a store does not hold the batch's output, not even after it was loaded again.
    """
    records = BatchRecords(ports.objects, layout)
    manifest, validation = records.manifest(), records.validation()
    collection, runs = records.collection(), records.lane_runs()
    _prove(layout, loaded_at, ports)
    placement = records.placement()
    profile = next(p for p in profiles if p.lane is placement.lane)
    for run in runs:
        ports.read_store.record_charge(
            lane_charge(
                batch_id=manifest.batch_id,
                lane=placement.lane,
                resource_id=run.resource_id,
                sku=run.instance_type,
                price_usd_per_h=profile.on_demand_price_usd_per_h,
                instance_count=run.instance_count,
                started_at=run.started_at,
                ended_at=run.ended_at,
                is_emulated=is_emulated,
                billable_s=run.billable_s,
                capacity=run.capacity,
                waste_s=run.waste_s,
            )
        )
    report = ports.gate.render_report(
        title=f"Batch {manifest.batch_id}",
        facts=_facts(manifest, validation, collection, placement.reason),
        results=[*validation.results, *collection.results],
    )
    ports.objects.write_text(layout.quality_report, report, REPORT_CONTENT_TYPE)
    closure = BatchClosure(
        state="succeeded",
        message="",
        closed_at=loaded_at,
        deadline_met=loaded_at <= manifest.deadline_at,
        quality_uri=layout.quality_report,
    )
    ports.read_store.close_batch(manifest.batch_id, closure)
    return closure


def _prove(layout: BatchLayout, now: datetime, ports: ClosePorts) -> None:
    proof = reconcile_batch(
        layout,
        scope=Scope.CLOSING,
        is_repaired=True,
        now=lambda: now,
        ports=ReconcilePorts(ports.objects, ports.read_store, ports.write_store, ports.book),
    )
    if not proof.is_consistent:
        raise StoreError(f"batch {layout.batch_id}: {'; '.join(proof.findings)}")


def fail_batch(
    layout: BatchLayout,
    message: str,
    *,
    now: datetime,
    objects: ObjectStore,
    read_store: ReadStore,
) -> None:
    """Record that a batch ended in failure, with the one message that says why."""
    has_report = objects.exists(layout.quality_report)
    closure = BatchClosure(
        state="failed",
        message=message,
        closed_at=now,
        deadline_met=False,
        quality_uri=layout.quality_report if has_report else "",
    )
    read_store.close_batch(layout.batch_id, closure)


def _facts(
    manifest: BatchManifest, validation: Validation, collection: Collection, reason: str
) -> dict[str, str]:
    return batch_facts(manifest) | {
        "Quarantined": f"{validation.quarantined_count + collection.refused_count:,}",
        "Predictions": f"{collection.prediction_count:,}",
        "Lane": reason,
    }
