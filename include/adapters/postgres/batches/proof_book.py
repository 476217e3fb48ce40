"""ProofBook on PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.pipeline.reconciliation.reconcile_ports import Proof


class PostgresProofBook:
    """Proofs by batch. Schema: `include/sql/migrations/0006_reconciliations.sql`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def succeeded_since(self, moment: datetime) -> list[str]:
        """Return the batches that succeeded since; see `ProofBook.succeeded_since`."""
        with self._database.transaction(f"batches since {moment.isoformat()}") as connection:
            found = connection.execute(query("succeeded_batches"), {"since": moment}).fetchall()
        return [str(row[0]) for row in found]

    def record(self, proof: Proof) -> None:
        """Keep a proof; see `ProofBook.record`."""
        with self._database.transaction(f"batch {proof.batch_id}: proof") as connection:
            connection.execute(
                query("record_proof"),
                {
                    "batch_id": proof.batch_id,
                    "proved_at": proof.proved_at,
                    "scope": proof.scope.value,
                    "expected_count": proof.expected.count,
                    "checksum": f"{proof.expected.checksum:016x}",
                    "repaired_shards": list(proof.repaired_shards),
                    "is_consistent": proof.is_consistent,
                    "finding": "; ".join(proof.findings),
                },
            )
