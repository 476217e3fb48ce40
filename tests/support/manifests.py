"""Manifests and rows for tests of the stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from include.domain.accounts import Tier
from include.domain.batches.manifests import BatchManifest, Shard
from include.domain.batches.predictions import HeadAnswer
from include.domain.model_ref import ModelRef
from include.pipeline.ports.stores import PredictionRow

SUBMITTED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def make_manifest(
    batch_id: str, *, account: str = "standard-harbor", version: str = "1", documents: int = 10
) -> BatchManifest:
    """A manifest of one shard, due ten minutes after it was submitted."""
    return BatchManifest(
        batch_id=batch_id,
        submission_key=f"key-{batch_id}",
        batch_uris=("s3://twolane-inbox/batch.jsonl",),
        content_digest="c" * 64,
        account=account,
        tier=Tier.STANDARD,
        model=ModelRef("news-topic", version, "d" * 64),
        submitted_at=SUBMITTED_AT,
        deadline_at=SUBMITTED_AT + timedelta(minutes=10),
        shards=(Shard(0, "s3://twolane-work/shard", documents, 12 * documents),),
    )


HEADS = (HeadAnswer("urgency", "low", 0.123457), HeadAnswer("Überschrift", 'a"b', 1 / 3))
"""What further heads of a bundle say, in the order of their names."""


def make_rows(count: int, label: str = "Sports", prefix: str = "doc") -> list[PredictionRow]:
    """Rows of `count` documents."""
    return [PredictionRow(f"{prefix}-{number}", label, 0.875) for number in range(count)]
