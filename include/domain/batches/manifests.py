"""What was submitted, frozen: its hash names everything that follows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from include.domain.accounts import Tier
from include.domain.model_ref import ModelRef


@dataclass(frozen=True, slots=True)
class Submission:
    """A request to classify one batch file.

    Attributes:
        key: idempotency key; the same key with the same content is the same batch.
        batch_uris: S3 URIs of the files, in order; more than one when small files were joined.
        account: account id.
        requested_tier: a tier at or below the account's own, or None for its own.
        deadline_s: seconds from submission to results in both stores; None for the tier's own.
        model_name: registered model.
        model_alias: alias resolved once, when the batch is pulled.
        submitted_at: timezone-aware.
    """

    key: str
    batch_uris: tuple[str, ...]
    account: str
    requested_tier: Tier | None
    deadline_s: float | None
    model_name: str
    model_alias: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Shard:
    """A run of documents in one object: the unit of work, of checkpointing and of loading.

    Attributes:
        index: position in the batch, from 0.
        uri: S3 URI of the shard's rows.
        document_count: rows in it.
        token_estimate: estimated tokens of its texts.
        largest_record_bytes: its longest line as a lane reads it, the line's end included; 0 for
            a shard as pulled.
    """

    index: int
    uri: str
    document_count: int
    token_estimate: int
    largest_record_bytes: int = 0


def shard_file_name(index: int) -> str:
    """Return the base name of shard `index`, e.g. `00003.jsonl`."""
    return f"{index:05d}.jsonl"


@dataclass(frozen=True, slots=True)
class BatchManifest:
    """An immutable, content-hashed description of one batch.

    Attributes:
        batch_id: `b-` and the first 20 hex digits of the hash over key, content, account and model.
        content_digest: sha256 (hex) over the submitted files' bytes, in order.
        shards: as pulled, faulty rows included.
    """

    batch_id: str
    submission_key: str
    batch_uris: tuple[str, ...]
    content_digest: str
    account: str
    tier: Tier
    model: ModelRef
    submitted_at: datetime
    deadline_at: datetime
    shards: tuple[Shard, ...]

    @property
    def document_count(self) -> int:
        """Documents in the batch, faulty ones included."""
        return sum(shard.document_count for shard in self.shards)

    @property
    def token_estimate(self) -> int:
        """Estimated tokens over all shards."""
        return sum(shard.token_estimate for shard in self.shards)

    def to_json(self) -> str:
        """Return the manifest as stored beside its shards: sorted keys, ISO 8601 times."""
        return json.dumps(asdict(self), sort_keys=True, default=_encode)

    @classmethod
    def from_json(cls, text: str) -> BatchManifest:
        """Rebuild a manifest from `to_json`'s text."""
        raw: dict[str, Any] = json.loads(text)
        return cls(
            batch_id=raw["batch_id"],
            submission_key=raw["submission_key"],
            batch_uris=tuple(raw["batch_uris"]),
            content_digest=raw["content_digest"],
            account=raw["account"],
            tier=Tier(raw["tier"]),
            model=ModelRef(**raw["model"]),
            submitted_at=datetime.fromisoformat(raw["submitted_at"]),
            deadline_at=datetime.fromisoformat(raw["deadline_at"]),
            shards=tuple(Shard(**shard) for shard in raw["shards"]),
        )


def batch_id_for(submission_key: str, content_digest: str, account: str, model: ModelRef) -> str:
    """Return the id a batch has, and has again on every retry."""
    identity = "\n".join((submission_key, content_digest, account, model.label, model.digest))
    return "b-" + hashlib.sha256(identity.encode()).hexdigest()[:20]


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot store {type(value).__name__} in a manifest")
