"""Pull: freeze what was submitted into a manifest and shards, and pin the model version."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from include.domain.accounts import Tier
from include.domain.batches.documents import RawDocument, estimate_tokens
from include.domain.batches.manifests import BatchManifest, Shard, Submission, batch_id_for
from include.domain.errors import BatchRejected, BucketNotAllowed
from include.pipeline.batch.choose_version import choose_version
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.batch_objects.shard_files import write_raw
from include.pipeline.comparison.ports import Canaries
from include.pipeline.money.budget_gate import BudgetGate
from include.pipeline.ports.directories import AccountDirectory, ModelRegistry
from include.pipeline.ports.objects import DocumentReader, ObjectStore
from include.pipeline.ports.stores import ReadStore

HASH_BLOCK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class PullPolicy:
    """What a submission may name, and how a batch is cut.

    Attributes:
        allowed_buckets: buckets a batch URI may name.
        work_bucket: where the batch's objects go.
        shard_tokens: estimated tokens a shard, exceeded by one document at the most: shards of one
            batch are nearly equal, so that they can be dealt out evenly.
        shard_documents: documents a shard at the most.
        shard_characters: characters of text a shard, exceeded by one document at the most:
            it is what a step holds in memory.
        deadline_s: default seconds to the deadline, by tier.
    """

    allowed_buckets: frozenset[str]
    work_bucket: str
    shard_tokens: int
    shard_documents: int
    shard_characters: int
    deadline_s: Mapping[Tier, float]


@dataclass(frozen=True, slots=True)
class PullPorts:
    """What pulling needs of the world; without `budgets` no account has one."""

    objects: ObjectStore
    reader: DocumentReader
    registry: ModelRegistry
    accounts: AccountDirectory
    read_store: ReadStore
    canaries: Canaries
    budgets: BudgetGate | None = None


def pull_batch(
    submission: Submission, *, run_id: str, policy: PullPolicy, ports: PullPorts
) -> BatchManifest:
    """Freeze a submission.

    Pulling the same submission again in the same run yields the same batch and touches nothing
    that stands; in another run as well, as long as the same version answers.

    Raises:
        BatchRejected: one of its kinds, naming what was wrong with the submission; nothing of
            the batch is recorded then.
    """
    with _naming(submission.batch_uris):
        return _pull(submission, run_id, policy, ports)


@contextmanager
def _naming(uris: Sequence[str]) -> Iterator[None]:
    """See to it that a refusal names the batch, whoever refuses."""
    try:
        yield
    except BatchRejected as exc:
        if any(uri in str(exc) for uri in uris):
            raise
        raise type(exc)(f"batch {', '.join(uris)}: {exc}") from exc


def _pull(
    submission: Submission, run_id: str, policy: PullPolicy, ports: PullPorts
) -> BatchManifest:
    for uri in submission.batch_uris:
        check_bucket(uri, policy.allowed_buckets)
    account = ports.accounts.get(submission.account)
    tier = account.effective_tier(submission.requested_tier)
    with tempfile.TemporaryDirectory(prefix="twolane-pull-") as folder:
        files = _download(submission.batch_uris, Path(folder), ports.objects)
        content_digest = _digest([path for _, path in files])
        model = choose_version(
            submission,
            content_digest,
            run_id=run_id,
            registry=ports.registry,
            read_store=ports.read_store,
            canaries=ports.canaries,
        )
        batch_id = batch_id_for(submission.key, content_digest, submission.account, model)
        layout = BatchLayout(policy.work_bucket, batch_id)
        records = BatchRecords(ports.objects, layout)
        if ports.objects.exists(layout.manifest):
            manifest = records.manifest()
        else:
            if ports.budgets is not None:
                ports.budgets.check(submission.account, batch_id)
            max_tokens = ports.registry.card(model).max_tokens
            shards = tuple(_write_shards(files, Path(folder), layout, max_tokens, policy, ports))
            deadline_s = submission.deadline_s or policy.deadline_s[tier]
            manifest = BatchManifest(
                batch_id=batch_id,
                submission_key=submission.key,
                batch_uris=submission.batch_uris,
                content_digest=content_digest,
                account=submission.account,
                tier=tier,
                model=model,
                submitted_at=submission.submitted_at,
                deadline_at=submission.submitted_at + timedelta(seconds=deadline_s),
                shards=shards,
            )
            records.save_manifest(manifest)
    ports.read_store.open_batch(manifest, run_id=run_id)
    return manifest


def submitted_bytes(
    uris: Sequence[str], *, allowed_buckets: frozenset[str], objects: ObjectStore
) -> int:
    """Return what the submitted files weigh; a file that is missing weighs nothing.

    Raises:
        BucketNotAllowed: a URI lies outside the allowed buckets.
    """
    for uri in uris:
        check_bucket(uri, allowed_buckets)
    return sum(
        info.size_bytes for uri in uris for info in objects.list_objects(uri) if info.uri == uri
    )


def check_bucket(uri: str, allowed_buckets: frozenset[str]) -> None:
    """Refuse a URI outside the allowed buckets.

    Raises:
        BucketNotAllowed: it names no S3 object, or a bucket that is not allowed.
    """
    scheme, separator, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not separator or not bucket or not key:
        raise BucketNotAllowed(f"batch {uri!r}: not an S3 URI of the form s3://bucket/key")
    if bucket not in allowed_buckets:
        raise BucketNotAllowed(
            f"batch {uri!r}: bucket {bucket!r} is not allowed; "
            f"allowed: {', '.join(sorted(allowed_buckets))}"
        )


def _download(uris: Sequence[str], folder: Path, objects: ObjectStore) -> list[tuple[str, Path]]:
    files = []
    for index, uri in enumerate(uris):
        path = folder / f"source-{index}"
        objects.download(uri, path)
        files.append((uri, path))
    return files


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(HASH_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def _write_shards(
    files: Sequence[tuple[str, Path]],
    folder: Path,
    layout: BatchLayout,
    max_tokens: int,
    policy: PullPolicy,
    ports: PullPorts,
) -> Iterator[Shard]:
    path = folder / "shard.jsonl"
    shards = _cut(_renumbered(files, ports.reader), policy, max_tokens)
    for index, (rows, tokens) in enumerate(shards):
        write_raw(path, rows)
        uri = layout.raw_shard(index)
        ports.objects.upload(path, uri, "application/jsonlines")
        yield Shard(index, uri, len(rows), tokens)


def _renumbered(files: Sequence[tuple[str, Path]], reader: DocumentReader) -> Iterator[RawDocument]:
    row = 0
    for uri, path in files:
        for document in reader.read(path, uri=uri):
            yield RawDocument(row, document.id, document.text, document.fault, document.detail)
            row += 1


def _cut(
    rows: Iterator[RawDocument], policy: PullPolicy, max_tokens: int
) -> Iterator[tuple[list[RawDocument], int]]:
    """Yield each shard's rows and their tokens."""
    shard: list[RawDocument] = []
    characters = tokens = 0
    for row in rows:
        shard.append(row)
        characters += len(row.text or "")
        tokens += estimate_tokens(row.text or "", max_tokens)
        if (
            tokens >= policy.shard_tokens
            or len(shard) >= policy.shard_documents
            or characters >= policy.shard_characters
        ):
            yield shard, tokens
            shard, characters, tokens = [], 0, 0
    if shard:
        yield shard, tokens
