"""What every way of reading a shard raises."""

from __future__ import annotations


class ShardError(Exception):
    """A shard cannot be read as a whole; the message names it and says why."""
