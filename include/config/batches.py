"""How batches are read, cut, joined and loaded."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class BatchSettings(BaseSettings):
    """Settings of batches, whichever lane they take.

    Attributes:
        max_document_characters: longer texts go to quarantine.
        max_line_bytes: longer lines of a text file are not even read into memory.
        shard_tokens: estimated tokens a shard, exceeded by one document at the most.
        shard_documents: documents a shard at the most.
        shard_characters: characters of text a shard, exceeded by one document at the most.
        express_max_bytes: a submission over this is not looked at on the express path.
        ahead_shards: a deferred task is resumed to load so many finished shards, or fewer when
            half of those that were left are finished; 0 for never.
        nightly_join_bytes: an account's nightly files are joined up to this size.
        loading_documents_per_s: collecting and loading rate the router keeps time back for.
    """

    max_document_characters: int = Field(default=100_000, gt=0)
    max_line_bytes: int = Field(default=8 * 2**20, gt=0)
    shard_tokens: int = Field(default=300_000, gt=0)
    shard_documents: int = Field(default=5_000, gt=0, le=50_000)
    shard_characters: int = Field(default=8_000_000, gt=0)
    express_max_bytes: int = Field(default=2**20, gt=0)
    ahead_shards: int = Field(default=10, ge=0)
    nightly_join_bytes: int = Field(default=256 * 2**20, gt=0)
    loading_documents_per_s: float = Field(default=2_000.0, gt=0)
