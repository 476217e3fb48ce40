"""What reconciling needs of the world besides the stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from include.domain.fingerprints import Fingerprint


class Scope(StrEnum):
    """How much is read for a proof.

    `CLOSING`: counts, checksums and load marks, cheap at any size. `FULL`: every row of both
    stores.
    """

    CLOSING = "closing"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found of a batch.

    Attributes:
        expected: what the batch's output in S3 comes to.
        repaired_shards: shards that were loaded again, as `store/shard`.
        findings: what was off at first, in words, and what still is; empty when nothing was.
        is_consistent: whether both stores hold the output, now.
    """

    batch_id: str
    scope: Scope
    proved_at: datetime
    expected: Fingerprint
    repaired_shards: tuple[str, ...]
    findings: tuple[str, ...]
    is_consistent: bool


class ProofBook(Protocol):
    """Which batches are done, and what was proved of them. In Aurora."""

    def succeeded_since(self, moment: datetime) -> list[str]:
        """Return the batches that succeeded at or after a moment, oldest first."""
        ...

    def record(self, proof: Proof) -> None:
        """Keep a proof; earlier ones stay."""
        ...
