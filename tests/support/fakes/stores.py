"""WriteStore and ReadStore in dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from include.domain.batches.documents import QuarantinedDocument
from include.domain.batches.manifests import BatchManifest, Submission
from include.domain.errors import StoreError
from include.domain.fingerprints import Fingerprint
from include.domain.model_ref import ModelRef
from include.domain.money.costs import Charge
from include.domain.placement.routing import Placement
from include.pipeline.ports.stores import BatchClosure, PredictionRow


class FakeWriteStore:
    """Items by (partition key, sort key); `fail_after` rows a put raises `StoreError`."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], PredictionRow] = {}
        self.fail_after: int | None = None

    def put(self, manifest: BatchManifest, rows: Iterable[PredictionRow]) -> int:
        written = 0
        for row in rows:
            if self.fail_after is not None and written >= self.fail_after:
                raise StoreError(f"batch {manifest.batch_id}: 1 item was left unprocessed")
            partition = f"{manifest.account}#{row.document_id}"
            self.items[partition, f"{manifest.model.label}#{manifest.batch_id}"] = row
            written += 1
        return written

    def count(self, manifest: BatchManifest) -> int:
        sort_key = f"{manifest.model.label}#{manifest.batch_id}"
        return sum(key[1] == sort_key for key in self.items)

    def fetch(
        self, manifest: BatchManifest, document_ids: Sequence[str]
    ) -> Iterator[PredictionRow]:
        sort_key = f"{manifest.model.label}#{manifest.batch_id}"
        for each in document_ids:
            found = self.items.get((f"{manifest.account}#{each}", sort_key))
            if found is not None:
                yield found


@dataclass
class FakeBatch:
    """Everything the fake read store holds of one batch."""

    manifest: BatchManifest
    run_id: str
    state: str = "running"
    placement: Placement | None = None
    closure: BatchClosure | None = None
    predictions: dict[tuple[str, str], PredictionRow] = field(default_factory=dict)
    quarantined: dict[int, QuarantinedDocument] = field(default_factory=dict)


class FakeReadStore:
    """Batches by id in `batches`, charges by id in `charges`.

    `fail_after` rows a load raises `StoreError` and, as one transaction does, leaves nothing.
    """

    def __init__(self) -> None:
        self.batches: dict[str, FakeBatch] = {}
        self.charges: dict[str, Charge] = {}
        self.fail_after: int | None = None

    def open_batch(self, manifest: BatchManifest, *, run_id: str) -> None:
        batch = self.batches.setdefault(manifest.batch_id, FakeBatch(manifest, run_id))
        batch.run_id = run_id
        if batch.state == "failed":
            batch.state, batch.closure = "running", None

    def pinned_model(
        self, submission: Submission, content_digest: str, *, run_id: str
    ) -> ModelRef | None:
        wanted = (submission.account, submission.key, content_digest, submission.model_name, run_id)
        for batch in self.batches.values():
            of = batch.manifest
            if wanted == (
                *(of.account, of.submission_key, of.content_digest, of.model.name),
                batch.run_id,
            ):
                return of.model
        return None

    def record_placement(self, batch_id: str, placement: Placement) -> None:
        self._batch(batch_id).placement = placement

    def load_quarantine(self, batch_id: str, documents: Iterable[QuarantinedDocument]) -> int:
        given = list(documents)
        self._batch(batch_id).quarantined.update({each.row: each for each in given})
        return len(given)

    def load_predictions(self, manifest: BatchManifest, rows: Iterable[PredictionRow]) -> int:
        batch = self._batch(manifest.batch_id)
        given = list(rows)
        if self.fail_after is not None and len(given) > self.fail_after:
            raise StoreError(f"batch {manifest.batch_id}: the connection was lost")
        batch.predictions.update({(row.document_id, manifest.model.version): row for row in given})
        return len(given)

    def record_charge(self, charge: Charge) -> None:
        self._batch(charge.batch_id)
        known = self.charges.get(charge.charge_id)
        if known is None or known.charge_period_end < charge.charge_period_end:
            self.charges[charge.charge_id] = charge

    def close_batch(self, batch_id: str, closure: BatchClosure) -> None:
        batch = self._batch(batch_id)
        batch.state, batch.closure = closure.state, closure

    def fingerprint(self, batch_id: str) -> Fingerprint:
        batch = self.batches.get(batch_id)
        rows = batch.predictions.items() if batch else ()
        return Fingerprint.total(row.fingerprint(version) for (_, version), row in rows)

    def fetch(
        self, manifest: BatchManifest, document_ids: Sequence[str]
    ) -> Iterator[PredictionRow]:
        held = self._batch(manifest.batch_id).predictions
        version = manifest.model.version
        return (held[each, version] for each in document_ids if (each, version) in held)

    def count_quarantined(self, batch_id: str) -> int:
        batch = self.batches.get(batch_id)
        return len(batch.quarantined) if batch else 0

    def _batch(self, batch_id: str) -> FakeBatch:
        try:
            return self.batches[batch_id]
        except KeyError:
            raise StoreError(f"batch {batch_id} was never opened") from None
