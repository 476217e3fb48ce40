"""ReadStore on PostgreSQL (Aurora in the cloud). Each method is one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.batches.documents import QuarantinedDocument
from include.domain.batches.manifests import BatchManifest, Submission
from include.domain.batches.predictions import Heads, Stage, heads_as_dict, parse_heads
from include.domain.errors import StoreError
from include.domain.fingerprints import Fingerprint
from include.domain.model_ref import ModelRef
from include.domain.money.costs import Charge
from include.domain.placement.routing import Placement
from include.pipeline.ports.stores import BatchClosure, PredictionRow

if TYPE_CHECKING:
    from psycopg import Connection


class PostgresReadStore:
    """Batches and all that became of them. Schema: `include/sql/migrations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_batch(self, manifest: BatchManifest, *, run_id: str) -> None:
        """Record the batch; see `ReadStore.open_batch`. One that had failed runs again."""
        with self._database.transaction(_opening(manifest)) as connection:
            connection.execute(
                query("open_batch"),
                {
                    "batch_id": manifest.batch_id,
                    "run_id": run_id,
                    "account_id": manifest.account,
                    "tier": manifest.tier.value,
                    "submission_key": manifest.submission_key,
                    "batch_uris": list(manifest.batch_uris),
                    "content_digest": manifest.content_digest,
                    "model_name": manifest.model.name,
                    "model_version": manifest.model.version,
                    "model_digest": manifest.model.digest,
                    "document_count": manifest.document_count,
                    "token_estimate": manifest.token_estimate,
                    "submitted_at": manifest.submitted_at,
                    "deadline_at": manifest.deadline_at,
                },
            )

    def pinned_model(
        self, submission: Submission, content_digest: str, *, run_id: str
    ) -> ModelRef | None:
        """Return the version a run has pinned; see `ReadStore.pinned_model`."""
        values = {
            "account_id": submission.account,
            "submission_key": submission.key,
            "content_digest": content_digest,
            "model_name": submission.model_name,
            "run_id": run_id,
        }
        with self._database.transaction(f"run {run_id}: pinned version") as connection:
            row = connection.execute(query("pinned_model"), values).fetchone()
        return None if row is None else ModelRef(*row)

    def record_placement(self, batch_id: str, placement: Placement) -> None:
        """Record where the batch runs; see `ReadStore.record_placement`. The last one stands."""
        with self._database.transaction(f"batch {batch_id}: placement") as connection:
            _lock(connection, batch_id)
            values = {**asdict(placement), "lane": placement.lane.value, "batch_id": batch_id}
            connection.execute(query("place_batch"), values)
            connection.execute(query("clear_alternatives"), {"batch_id": batch_id})
            for alternative in placement.alternatives:
                connection.execute(
                    query("add_alternative"),
                    {
                        **asdict(alternative),
                        "lane": alternative.lane.value,
                        "batch_id": batch_id,
                    },
                )

    def load_quarantine(self, batch_id: str, documents: Iterable[QuarantinedDocument]) -> int:
        """Write quarantined documents; see `ReadStore.load_quarantine`."""
        count = 0
        with self._database.transaction(f"batch {batch_id}: quarantine") as connection:
            _lock(connection, batch_id)
            connection.execute(query("stage_quarantine"))
            with connection.cursor().copy(query("copy_quarantine")) as copy:
                for each in documents:
                    count += 1
                    copy.write_row(
                        (
                            each.row,
                            None if each.id is None else storable(each.id),
                            each.reason.value,
                            storable(each.detail),
                            storable(each.excerpt),
                        )
                    )
            connection.execute(query("upsert_quarantine"), {"batch_id": batch_id})
        return count

    def load_predictions(self, manifest: BatchManifest, rows: Iterable[PredictionRow]) -> int:
        """COPY rows into a staging table and upsert them; see `ReadStore.load_predictions`."""
        count = 0
        with self._database.transaction(f"batch {manifest.batch_id}: predictions") as connection:
            _lock(connection, manifest.batch_id)
            connection.execute(query("stage_predictions"))
            with connection.cursor().copy(query("copy_predictions")) as copy:
                for row in rows:
                    count += 1
                    copy.write_row(
                        (row.document_id, row.label, row.score, row.stage, _json(row.heads))
                    )
            connection.execute(
                query("upsert_predictions"),
                {
                    "batch_id": manifest.batch_id,
                    "account_id": manifest.account,
                    "model_name": manifest.model.name,
                    "model_version": manifest.model.version,
                },
            )
        return count

    def record_charge(self, charge: Charge) -> None:
        """Book a charge once; see `ReadStore.record_charge`."""
        with self._database.transaction(f"charge {charge.charge_id}") as connection:
            account_id = _lock(connection, charge.batch_id)
            values = {
                **asdict(charge),
                "lane": charge.lane.value,
                "account_id": account_id,
                "capacity": charge.capacity.value,
                "total_waste_cost": charge.total_waste_cost,
                "waste": json.dumps({why.value: usd for why, usd in charge.waste_cost.items()}),
            }
            del values["waste_cost"]
            connection.execute(query("book_charge"), values)

    def close_batch(self, batch_id: str, closure: BatchClosure) -> None:
        """Record how the batch ended; see `ReadStore.close_batch`."""
        with self._database.transaction(f"batch {batch_id}: closing") as connection:
            _lock(connection, batch_id)
            values = {**asdict(closure), "batch_id": batch_id}
            values["message"] = storable(closure.message)
            connection.execute(query("close_batch"), values)

    def fingerprint(self, batch_id: str) -> Fingerprint:
        """Return count and checksum, summed up by the server; see `ReadStore.fingerprint`."""
        with self._database.transaction(f"batch {batch_id}: checksum") as connection:
            found = connection.execute(query("fingerprint_predictions"), {"batch_id": batch_id})
            count, checksum = found.fetchone() or (0, 0)
        return Fingerprint(int(count), int(checksum) % 2**64)

    def fetch(
        self, manifest: BatchManifest, document_ids: Sequence[str]
    ) -> Iterator[PredictionRow]:
        """Yield the rows of documents; see `ReadStore.fetch`."""
        with self._database.transaction(f"batch {manifest.batch_id}: reading") as connection:
            found = connection.execute(
                query("fetch_predictions"),
                {
                    "batch_id": manifest.batch_id,
                    "model_version": manifest.model.version,
                    "document_ids": list(document_ids),
                },
            )
            rows = found.fetchall()
        return (_prediction_row(*row) for row in rows)

    def count_quarantined(self, batch_id: str) -> int:
        """Return the quarantined rows of the batch."""
        return self._count("count_quarantined", batch_id)

    def _count(self, name: str, batch_id: str) -> int:
        with self._database.transaction(f"batch {batch_id}: counting") as connection:
            row = connection.execute(query(name), {"batch_id": batch_id}).fetchone()
        return int(row[0]) if row else 0


def storable(text: str) -> str:
    """Return text as PostgreSQL takes it: NUL and lone surrogates as the replacement sign.

    For texts that people read. An id that decides identity is never changed on its way in.
    """
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _lock(connection: Connection[Any], batch_id: str) -> str:
    """Hold the batch's row until the transaction ends, and return its account.

    Raises:
        StoreError: there is no such batch.
    """
    found = connection.execute(query("lock_batch"), {"batch_id": batch_id}).fetchone()
    if found is None:
        raise StoreError(f"batch {batch_id} was never opened")
    return str(found[0])


def _prediction_row(
    document_id: str, label: str, score: float, stage: str | None, heads: dict[str, Any] | None
) -> PredictionRow:
    named = Stage(stage) if stage else None
    return PredictionRow(document_id, label, score, named, parse_heads(heads or {}))


def _json(heads: Heads) -> str | None:
    return json.dumps(heads_as_dict(heads)) if heads else None


def _opening(manifest: BatchManifest) -> str:
    return f"batch {manifest.batch_id} of account {manifest.account!r}: opening"
