"""What the use cases need of the world, as contracts.

Every adapter and every in-memory fake passes the same contract suite (`tests/contract`). All
methods may block on the network; none retries for ever; errors are those of
`include.domain.errors`, their messages naming the identifiers at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from include.domain.accounts import Account
from include.domain.batches.documents import QuarantinedDocument, QuarantineReason, RawDocument
from include.domain.batches.manifests import BatchManifest, Submission
from include.domain.batches.predictions import Heads, Prediction, Stage
from include.domain.execution.jobs import JobRef, JobSpec, JobStatus
from include.domain.fingerprints import Fingerprint, row_hash
from include.domain.model_ref import ModelCard, ModelRef
from include.domain.money.costs import Charge
from include.domain.placement.routing import Placement


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One listed object; `etag` changes with its content, `modified_at` is its last write."""

    uri: str
    size_bytes: int
    etag: str
    modified_at: datetime


class ObjectStore(Protocol):
    """S3, by URI. Writes are whole-object and atomic."""

    def open(self, uri: str) -> AbstractContextManager[BinaryIO]:
        """Open an object for streaming. Raises `ObjectMissing` where there is none."""
        ...

    def download(self, uri: str, path: Path) -> None:
        """Copy an object to a local file. Raises `ObjectMissing` where there is none."""
        ...

    def upload(self, path: Path, uri: str, content_type: str = "application/octet-stream") -> None:
        """Write a local file as one object."""
        ...

    def read_text(self, uri: str) -> str:
        """Return a small UTF-8 object. Raises `ObjectMissing` where there is none."""
        ...

    def write_text(self, uri: str, text: str, content_type: str = "application/json") -> None:
        """Write a small UTF-8 object."""
        ...

    def exists(self, uri: str) -> bool:
        """Whether an object stands at the URI."""
        ...

    def list_objects(self, prefix_uri: str) -> list[ObjectInfo]:
        """Return the objects below a prefix, sorted by URI; empty where there is none."""
        ...

    def move(self, uri: str, target_uri: str) -> None:
        """Copy an object, then delete the original. Raises `ObjectMissing`."""
        ...


class DocumentReader(Protocol):
    """Reads batch files: JSON Lines, CSV, Parquet; gzip or not."""

    def read(self, path: Path, *, uri: str) -> Iterator[RawDocument]:
        """Yield every row in file order, in constant memory, faulty rows marked.

        Args:
            path: a local copy of the file.
            uri: where it came from: its extension helps to tell the format, errors name it.

        Raises:
            UnreadableBatch: the file as a whole cannot be read.
            EmptyBatch: it holds no row.
        """
        ...


class ModelRegistry(Protocol):
    """MLflow's registry, as far as a batch needs it."""

    def resolve(self, name: str, alias: str) -> ModelRef:
        """Return the version an alias points to now. Raises `UnknownModelAlias`."""
        ...

    def artifact_url(self, model: ModelRef) -> str:
        """Return the S3 URI of the served `model.tar.gz`. Raises `UnknownModelAlias`."""
        ...

    def card(self, model: ModelRef) -> ModelCard:
        """Return the version's labels and reach. Raises `UnknownModelAlias`."""
        ...


class AccountDirectory(Protocol):
    """Who may submit."""

    def get(self, account_id: str) -> Account:
        """Return the account. Raises `UnknownAccount`."""
        ...


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """One expectation over one or more shards.

    Attributes:
        expectation: what was expected, in words.
        evaluated_count: rows looked at.
        unexpected_count: rows that failed it.
        samples: a few excerpts of failing rows.
    """

    expectation: str
    evaluated_count: int
    unexpected_count: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PoisonRow:
    """A row the quality gate sets aside; `position` counts from 0 within the rows it was given."""

    position: int
    reason: QuarantineReason
    detail: str


@dataclass(frozen=True, slots=True)
class ShardVerdict:
    """The quality gate's answer on one shard."""

    poison: tuple[PoisonRow, ...]
    results: tuple[ExpectationResult, ...]


class QualityGate(Protocol):
    """Great Expectations, over one shard at a time."""

    def check_documents(
        self, rows: Sequence[RawDocument], duplicate_positions: Sequence[int]
    ) -> ShardVerdict:
        """Judge rows as pulled. Each bad row is named once, with its first reason.

        Args:
            rows: one shard.
            duplicate_positions: positions in `rows` whose id stood earlier in the batch.
        """
        ...

    def check_predictions(
        self, predictions: Sequence[Prediction], *, labels: Sequence[str]
    ) -> ShardVerdict:
        """Judge predictions: label known, score a probability, id present and unique."""
        ...

    def render_report(
        self, *, title: str, facts: dict[str, str], results: Sequence[ExpectationResult]
    ) -> str:
        """Return a self-contained HTML page over all shards' results (merged by expectation)."""
        ...


class JobRunner(Protocol):
    """SageMaker jobs of one lane. `launch` is idempotent by name."""

    def launch(self, spec: JobSpec, *, artifact_url: str) -> JobRef:
        """Start the job, or adopt the one that already has this name.

        Raises:
            JobFailed: SageMaker refuses the request.
        """
        ...

    def status(self, job: JobRef) -> JobStatus | None:
        """Observe the job; None where no job of that name was ever made."""
        ...

    def stop(self, job: JobRef) -> None:
        """Ask the job to stop; a job that has ended, or never was, is left as it is."""
        ...


class Endpoint(Protocol):
    """A SageMaker endpoint that answers JSON Lines."""

    def ensure(self, model: ModelRef, *, artifact_url: str) -> str:
        """Return the endpoint's name once it is in service, making it where there is none.

        Raises:
            EndpointUnavailable: it failed, or is not in service in time.
        """
        ...

    def invoke(self, endpoint_name: str, body: bytes) -> bytes:
        """Send request lines, return response lines. Passing failures are retried with jitter.

        Raises:
            EndpointThrottled: it takes no more calls now; retrying is the caller's, who paces.
            BodyFailed: this body is too large, takes too long, is refused, or brings the model
                down each time.
            EndpointUnavailable: it does not answer, past the retries, with the last reason.
        """
        ...


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
