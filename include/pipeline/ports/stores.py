"""The two stores of results, as contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from include.domain.batches.documents import QuarantinedDocument
from include.domain.batches.manifests import BatchManifest, Submission
from include.domain.batches.predictions import Heads, Prediction, Stage
from include.domain.fingerprints import Fingerprint, row_hash
from include.domain.model_ref import ModelRef
from include.domain.money.costs import Charge
from include.domain.placement.routing import Placement


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """One document's result as both stores hold it.

    Both stores key it by (document id, batch, model version); writing it twice leaves one.
    """

    document_id: str
    label: str
    score: float
    stage: Stage | None = None
    heads: Heads = ()

    def hash(self, model_version: str) -> int:
        """Return what the row adds to a checksum; see `row_hash`."""
        return row_hash(
            self.document_id, self.label, self.score, model_version, self.stage, self.heads
        )

    def fingerprint(self, model_version: str) -> Fingerprint:
        """Return what the row comes to alone."""
        return Fingerprint(1, self.hash(model_version))


def row_of(answer: Prediction) -> PredictionRow:
    """Return the row that a prediction makes in both stores."""
    return PredictionRow(answer.document_id, answer.label, answer.score, answer.stage, answer.heads)


class WriteStore(Protocol):
    """DynamoDB: fast writes, one item a document, batch and model version."""

    def put(self, manifest: BatchManifest, rows: Iterable[PredictionRow]) -> int:
        """Write rows, retrying unprocessed items with backoff; return how many. Idempotent.

        Raises:
            StoreError: some rows could not be written.
        """
        ...

    def count(self, manifest: BatchManifest) -> int:
        """Return the rows of the batch that the store holds."""
        ...

    def fetch(
        self, manifest: BatchManifest, document_ids: Sequence[str]
    ) -> Iterator[PredictionRow]:
        """Yield those of the batch's rows that the store holds, of the documents named.

        In no particular order; read as written last. Raises `StoreError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class BatchClosure:
    """How a batch ended.

    Attributes:
        state: `succeeded` or `failed`.
        message: empty on success; one clear sentence otherwise.
        quality_uri: S3 URI of the input report.
    """

    state: str
    message: str
    closed_at: datetime
    deadline_met: bool
    quality_uri: str


class ReadStore(Protocol):
    """Aurora PostgreSQL: batches, placements, predictions, quarantine, charges. All idempotent."""

    def open_batch(self, manifest: BatchManifest, *, run_id: str) -> None:
        """Record the batch; on a retry, leave what stands and set its run."""
        ...

    def pinned_model(
        self, submission: Submission, content_digest: str, *, run_id: str
    ) -> ModelRef | None:
        """Return the version that a run has pinned for a submission, None where it has not yet.

        Args:
            content_digest: of the submitted files, as in the manifest.
        """
        ...

    def record_placement(self, batch_id: str, placement: Placement) -> None:
        """Record where the batch runs, why, and what the alternatives were."""
        ...

    def load_quarantine(self, batch_id: str, documents: Iterable[QuarantinedDocument]) -> int:
        """Write quarantined documents, keyed by (batch, row); return how many."""
        ...

    def load_predictions(self, manifest: BatchManifest, rows: Iterable[PredictionRow]) -> int:
        """COPY rows into a staging table and upsert them; return how many were given."""
        ...

    def record_charge(self, charge: Charge) -> None:
        """Book a charge once; one that stands and ended earlier is brought up to date."""
        ...

    def close_batch(self, batch_id: str, closure: BatchClosure) -> None:
        """Record how the batch ended."""
        ...

    def fingerprint(self, batch_id: str) -> Fingerprint:
        """Return count and checksum of the batch's prediction rows."""
        ...

    def fetch(
        self, manifest: BatchManifest, document_ids: Sequence[str]
    ) -> Iterator[PredictionRow]:
        """Yield those of the batch's rows that the store holds, of the documents named."""
        ...

    def count_quarantined(self, batch_id: str) -> int:
        """Return the quarantined rows of the batch."""
        ...
