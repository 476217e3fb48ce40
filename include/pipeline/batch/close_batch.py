"""Close: reconcile the stores, book the charge, write the report, give the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.batches.manifests import BatchManifest
from include.domain.errors import StoreError
from include.domain.lanes import LaneProfile
from include.pipeline.batch.batch_report import REPORT_CONTENT_TYPE, batch_facts
from include.pipeline.batch.book_charges import book_charges
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, Collection, Validation
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.quality import QualityGate
from include.pipeline.ports.stores import BatchClosure, ReadStore, WriteStore
from include.pipeline.reconciliation.reconcile_batch import ReconcilePorts, reconcile_batch
from include.pipeline.reconciliation.reconcile_ports import ProofBook, Scope


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
    collection, placement = records.collection(), records.placement()
    _prove(layout, loaded_at, ports)
    book_charges(
        layout,
        profiles=profiles,
        is_emulated=is_emulated,
        objects=ports.objects,
        read_store=ports.read_store,
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
    profiles: Sequence[LaneProfile],
    is_emulated: bool,
    objects: ObjectStore,
    read_store: ReadStore,
) -> None:
    """Record that a batch ended in failure, what it has cost, and the one message that says why."""
    book_charges(
        layout,
        profiles=profiles,
        is_emulated=is_emulated,
        objects=objects,
        read_store=read_store,
    )
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
