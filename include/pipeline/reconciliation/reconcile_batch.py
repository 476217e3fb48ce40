"""Reconcile: prove that both stores hold a batch's output, and repair the one that does not.

The truth is the batch's output in S3: checked when it was collected, and kept. A shard whose rows
are missing or differ in a store is loaded again; rows that belong to no document cannot be
explained by any load and are never deleted, but reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.batches.manifests import BatchManifest, Shard
from include.domain.fingerprints import Fingerprint
from include.pipeline.batch.load_batch import (
    Target,
    expected_fingerprint,
    forget_shard,
    is_loaded,
    load_shard,
    prediction_rows,
)
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.stores import PredictionRow, ReadStore, WriteStore
from include.pipeline.reconciliation.reconcile_ports import Proof, ProofBook, Scope

REPAIR_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class ReconcilePorts:
    """What reconciling needs of the world."""

    objects: ObjectStore
    read_store: ReadStore
    write_store: WriteStore
    book: ProofBook


@dataclass(frozen=True, slots=True)
class _Store:
    target: Target
    fetch: Callable[[BatchManifest, Sequence[str]], Iterable[PredictionRow]]


def reconcile_batch(
    layout: BatchLayout,
    *,
    scope: Scope,
    is_repaired: bool,
    now: Callable[[], datetime],
    ports: ReconcilePorts,
) -> Proof:
    """Prove a loaded batch, repair it if asked, and keep the proof.

    Args:
        scope: how much to read; a repair reads the rows either way.
        is_repaired: load again what is off, `REPAIR_ROUNDS` times at the most.

    Raises:
        StoreError: a store cannot be read or written.
        ObjectMissing: the batch's objects have expired, or were never made.
    """
    case = _Case(layout, ports)
    first = findings = case.findings(scope)
    repaired: list[str] = []
    for _ in range(REPAIR_ROUNDS if is_repaired else 0):
        if not findings:
            break
        repaired += case.repair()
        findings = case.findings(scope)
    proof = Proof(
        batch_id=layout.batch_id,
        scope=scope,
        proved_at=now(),
        expected=case.expected,
        repaired_shards=tuple(dict.fromkeys(repaired)),
        findings=tuple(dict.fromkeys([*first, *findings])),
        is_consistent=not findings,
    )
    ports.book.record(proof)
    return proof


class _Case:
    """One batch under proof; its records are read once."""

    def __init__(self, layout: BatchLayout, ports: ReconcilePorts) -> None:
        self._layout = layout
        self._ports = ports
        records = BatchRecords(ports.objects, layout)
        self._manifest = records.manifest()
        self._shards = {
            shard: expected_fingerprint(layout, self._manifest, shard, objects=ports.objects)
            for shard in records.validation().shards
        }
        self.expected = Fingerprint.total(self._shards.values())
        self._stores = (
            _Store(Target("dynamodb", ports.write_store.put), ports.write_store.fetch),
            _Store(Target("aurora", ports.read_store.load_predictions), ports.read_store.fetch),
        )

    def findings(self, scope: Scope) -> list[str]:
        """Return what is off, in words."""
        found = self._counts() + self._marks()
        if scope is Scope.FULL:
            found += [
                f"{store.target.name}: rows of shard {shard.index} are missing or differ"
                for store in self._stores
                for shard in self._off(store)
            ]
        return found

    def repair(self) -> list[str]:
        """Load again every shard that is off in a store; return them."""
        repaired = []
        for store in self._stores:
            for shard in self._off(store):
                name, objects = store.target.name, self._ports.objects
                forget_shard(self._layout, name, shard, objects=objects)
                self._load(store.target, shard)
                repaired.append(f"{name}/{shard.index:05d}")
            for shard in self._shards:
                self._load(store.target, shard)  # a mark may be missing where the rows stand
        return repaired

    def _load(self, target: Target, shard: Shard) -> None:
        load_shard(
            self._layout,
            self._manifest,
            shard,
            target,
            expected=self._shards[shard],
            objects=self._ports.objects,
        )

    def _counts(self) -> list[str]:
        batch_id, expected = self._manifest.batch_id, self.expected
        written = self._ports.write_store.count(self._manifest)
        readable = self._ports.read_store.fingerprint(batch_id)
        quarantined = self._ports.read_store.count_quarantined(batch_id)
        found = []
        if written != expected.count:
            found.append(f"dynamodb: {written:,} items for {expected.count:,} predictions")
        if readable.count != expected.count:
            found.append(f"aurora: {readable.count:,} rows for {expected.count:,} predictions")
        elif readable != expected:
            found.append(f"aurora: checksum {readable}, the output's is {expected}")
        if expected.count + quarantined != self._manifest.document_count:
            found.append(
                f"{self._manifest.document_count:,} documents, but {expected.count:,} predictions "
                f"and {quarantined:,} in quarantine"
            )
        return found

    def _marks(self) -> list[str]:
        return [
            f"{store.target.name}: shard {shard.index} was not loaded as it stands in the output"
            for store in self._stores
            for shard, expected in self._shards.items()
            if not is_loaded(
                self._layout, store.target.name, shard, expected, objects=self._ports.objects
            )
        ]

    def _off(self, store: _Store) -> list[Shard]:
        version = self._manifest.model.version
        off = []
        for shard, expected in self._shards.items():
            ids = [
                row.document_id
                for row in prediction_rows(self._layout, shard, objects=self._ports.objects)
            ]
            held = store.fetch(self._manifest, ids)
            found = Fingerprint.total(row.fingerprint(version) for row in held)
            if found != expected:
                off.append(shard)
        return off
