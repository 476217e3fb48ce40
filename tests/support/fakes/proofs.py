"""ProofBook in lists."""

from __future__ import annotations

from datetime import datetime

from include.pipeline.reconciliation.reconcile_ports import Proof
from tests.support.fakes.stores import FakeReadStore


class FakeProofBook:
    """Proofs in `proofs`; which batches are done is asked of a fake read store."""

    def __init__(self, read_store: FakeReadStore) -> None:
        self._read_store = read_store
        self.proofs: list[Proof] = []

    def succeeded_since(self, moment: datetime) -> list[str]:
        closed = [
            (batch.closure.closed_at, batch_id)
            for batch_id, batch in self._read_store.batches.items()
            if batch.closure is not None and batch.closure.state == "succeeded"
        ]
        return [batch_id for closed_at, batch_id in sorted(closed) if closed_at >= moment]

    def record(self, proof: Proof) -> None:
        self.proofs.append(proof)
