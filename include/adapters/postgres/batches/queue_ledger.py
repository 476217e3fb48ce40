"""QueueLedger on PostgreSQL, beside the batches whose commits it looks for."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.requests import QueueRequest, run_id_of
from include.pipeline.queues.ports import (
    Claim,
    ClaimState,
    LedgerEntry,
    Outcome,
    OutcomeState,
    Settlement,
)

if TYPE_CHECKING:
    import psycopg

REASON_CHARACTERS = 4000


class PostgresQueueLedger:
    """Requests in the table `queued_batches`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self,
        request: QueueRequest,
        *,
        lane_class: LaneClass,
        message_id: str,
        cap: int,
        lease_s: float,
    ) -> Claim:
        """Ask to run a request; see `QueueLedger.claim`. One account's claims take turns."""
        values: dict[str, Any] = {
            "queue_key": request.key,
            "lane_class": lane_class.value,
            "account_id": request.account,
            "batch_uri": request.batch_uri,
            "submission_key": request.submission,
            "message_id": message_id,
            "lease_s": lease_s,
        }
        with self._database.transaction(f"queued batch {request.key}") as connection:
            connection.execute(query("lock_account_queue"), values)
            found = connection.execute(query("queued_request"), values).fetchone()
            assert found is not None  # noqa: S101 - the query always gives one row
            state, run_id, runs, known_message_id, is_committed = found
            if is_committed:
                connection.execute(query("commit_queued"), values)
                return Claim(ClaimState.COMMITTED)
            others = _count(connection, values)
            if state in ("running", "failed"):
                connection.execute(query("renew_queued"), values | {"keys": [request.key]})
                return Claim(ClaimState.RUNNING, run_id, others + 1)
            if state == "refused" and known_message_id == message_id:
                return Claim(ClaimState.REFUSED, running=others)
            if others >= cap:
                return Claim(ClaimState.OVER_CAP, running=others)
            run = (runs or 0) + 1
            granted = {"state": "running", "run_id": run_id_of(request.key, run), "runs": run}
            connection.execute(query("put_queued_request"), values | granted)
            return Claim(ClaimState.GRANTED, str(granted["run_id"]), others + 1)

    def renew(self, keys: Collection[str], lease_s: float) -> None:
        """Keep the places of running requests; see `QueueLedger.renew`."""
        with self._database.transaction("queued batches") as connection:
            connection.execute(query("renew_queued"), {"keys": list(keys), "lease_s": lease_s})

    def outcomes(self, keys: Collection[str]) -> dict[str, Outcome]:
        """Return where claimed requests stand; see `QueueLedger.outcomes`."""
        with self._database.transaction("queued batches") as connection:
            rows = connection.execute(query("queued_outcomes"), {"keys": list(keys)}).fetchall()
        return {
            key: Outcome(OutcomeState(state), reason, is_final, failures)
            for key, state, reason, is_final, failures in rows
        }

    def record_failure(self, run_id: str, reason: str, *, is_final: bool) -> bool:
        """Note why a run failed; see `QueueLedger.record_failure`."""
        values = {"run_id": run_id, "reason": _storable(reason), "is_final": is_final}
        with self._database.transaction(f"queued run {run_id}") as connection:
            return connection.execute(query("fail_queued_run"), values).rowcount > 0

    def settle(self, key: str, settlement: Settlement, *, reason: str, message_id: str) -> None:
        """Let a claimed request go; see `QueueLedger.settle`."""
        values = {
            "queue_key": key,
            "state": settlement.value,
            "reason": _storable(reason),
            "message_id": message_id,
        }
        with self._database.transaction(f"queued batch {key}") as connection:
            connection.execute(query("settle_queued"), values)

    def refuse(
        self, key: str, *, lane_class: LaneClass, account: str, reason: str, message_id: str
    ) -> None:
        """Note a request as refused without a run; see `QueueLedger.refuse`."""
        values = {
            "queue_key": key,
            "lane_class": lane_class.value,
            "account_id": _storable(account),
            "reason": _storable(reason),
            "message_id": message_id,
        }
        with self._database.transaction(f"queued batch {key}") as connection:
            connection.execute(query("refuse_queued"), values)

    def entries(self, keys: Collection[str]) -> dict[str, LedgerEntry]:
        """Return what is known of requests; see `QueueLedger.entries`."""
        with self._database.transaction("queued batches") as connection:
            rows = connection.execute(query("queued_entries"), {"keys": list(keys)}).fetchall()
        return {row[0]: LedgerEntry(*row) for row in rows}


def _count(connection: psycopg.Connection[Any], values: dict[str, Any]) -> int:
    found = connection.execute(query("count_queued_running"), values).fetchone()
    return int(found[0]) if found else 0


def _storable(text: str) -> str:
    """Return text that PostgreSQL takes, cut to what a person reads."""
    cleaned = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return cleaned[:REASON_CHARACTERS]
