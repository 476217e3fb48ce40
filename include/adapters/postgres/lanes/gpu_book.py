"""GpuBook on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.gpus.idleness import Finding
from include.domain.gpus.resources import ResourceKind
from include.domain.gpus.savings import Action, Saving, SavingReason
from include.domain.lanes import Lane
from include.domain.promotion.retirement import VersionKey
from include.pipeline.gpus.ports import RunningBatch, SavedLine

SAMPLES_KEPT = timedelta(days=90)
"""A sample that is older when another is added is deleted."""


class PostgresGpuBook:
    """Tables `gpu_samples` and `savings`, and the batches under way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def running(self) -> Sequence[RunningBatch]:
        """See `GpuBook.running`."""
        return [
            RunningBatch(
                batch_id, VersionKey(model_name, version), None if lane is None else Lane(lane)
            )
            for batch_id, model_name, version, lane in self._rows("running_batches")
        ]

    def add_samples(self, findings: Sequence[Finding], *, at: datetime, is_emulated: bool) -> None:
        """See `GpuBook.add_samples`."""
        if not findings:
            return
        with self._database.transaction(f"{len(findings)} samples of GPUs") as connection:
            values = [_sample(each, at, is_emulated) for each in findings]
            connection.cursor().executemany(query("add_gpu_sample"), values)
            connection.execute(query("forget_gpu_samples"), {"before": at - SAMPLES_KEPT})

    def open_savings(self) -> Sequence[Saving]:
        """See `GpuBook.open_savings`."""
        return [_saving(*row) for row in self._rows("open_savings")]

    def put_saving(self, saving: Saving) -> None:
        """See `GpuBook.put_saving`."""
        with self._database.transaction(f"saving {saving.saving_id}") as connection:
            connection.execute(query("put_saving"), _values(saving))

    def saved(self, first: date, last: date) -> Sequence[SavedLine]:
        """See `GpuBook.saved`."""
        rows = self._rows("savings_by_reason", {"first": first, "last": last})
        return [SavedLine(SavingReason(reason), *rest) for reason, *rest in rows]

    def _rows(self, name: str, values: Mapping[str, object] | None = None) -> list[Any]:
        with self._database.transaction(name.replace("_", " ")) as connection:
            return connection.execute(query(name), values).fetchall()


def _sample(finding: Finding, at: datetime, is_emulated: bool) -> Mapping[str, object]:
    resource = finding.resource
    return {
        "resource_id": resource.resource_id,
        "resource_kind": resource.kind.value,
        "instance_type": resource.instance_type,
        "gpus": resource.gpus,
        "utilisation": finding.utilisation,
        "at": at,
        "is_emulated": is_emulated,
    }


def _values(saving: Saving) -> Mapping[str, object]:
    return {
        "saving_id": saving.saving_id,
        "resource_id": saving.resource_id,
        "resource_kind": saving.kind.value,
        "reason": saving.reason.value,
        "action": saving.action.value,
        "instance_type": saving.instance_type,
        "instances": saving.instances,
        "since": saving.since,
        "usd_per_hour": saving.usd_per_hour,
        "list_saved_usd": saving.list_saved_usd,
        "is_emulated": saving.is_emulated,
        "at": saving.at,
        "counts_until": saving.counts_until,
        "counted_to": saving.counted_to,
        "ended_at": saving.ended_at,
    }


def _saving(
    resource_id: str,
    kind: str,
    reason: str,
    action: str,
    instance_type: str,
    instances: int,
    *rest: Any,
) -> Saving:
    return Saving(
        resource_id,
        ResourceKind(kind),
        SavingReason(reason),
        Action(action),
        instance_type,
        instances,
        *rest,
    )
