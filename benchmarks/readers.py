"""Two readers that know nothing of the pipeline: when can a batch's rows be read?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from stack.figures import aws_client

POLL_S = 0.01

_ROWS = """
SELECT b.batch_id, b.account_id, b.model_name || '@' || b.model_version, b.state, count(p.*)
FROM batches b LEFT JOIN predictions p USING (batch_id)
WHERE b.run_id = %s
GROUP BY b.batch_id
"""


class StoreReaders:
    """A SELECT on PostgreSQL and a consistent BatchGetItem on DynamoDB, over and over.

    Args:
        environment: the running stack's variables.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._connection = psycopg.connect(environment["TWOLANE_DATABASE_URL"], autocommit=True)
        self._dynamodb = aws_client("dynamodb", dict(environment))
        self._table = environment.get("TWOLANE_PREDICTIONS_TABLE", "twolane-predictions")

    def wait_readable(self, run_id: str, ids: Sequence[str], timeout_s: float) -> float:
        """Return the clock (`time.monotonic`) at which both stores gave every document.

        Raises:
            TimeoutError: they did not in time; the message says how many each had.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            row = self._connection.execute(_ROWS, [run_id]).fetchone()
            readable = int(row[4]) if row else 0
            written = self._written(row, ids) if row and readable == len(ids) else 0
            if written == len(ids):
                return time.monotonic()
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"run {run_id}: of {len(ids)} documents, {readable} in PostgreSQL and "
                    f"{written} in DynamoDB after {timeout_s:g} s"
                )
            time.sleep(POLL_S)

    def wait_closed(self, run_id: str, timeout_s: float) -> None:
        """Return once the run's batch is closed. Raises `TimeoutError`."""
        deadline = time.monotonic() + timeout_s
        while True:
            row = self._connection.execute(_ROWS, [run_id]).fetchone()
            if row and row[3] == "succeeded":
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"run {run_id}: not closed after {timeout_s:g} s: {row}")
            time.sleep(POLL_S)

    def _written(self, row: Sequence[Any], ids: Sequence[str]) -> int:
        batch_id, account_id, model = row[0], row[1], row[2]
        keys = [
            {"pk": {"S": f"{account_id}#{each}"}, "sk": {"S": f"{model}#{batch_id}"}}
            for each in ids
        ]
        answer = self._dynamodb.batch_get_item(
            RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
        )
        return len(answer["Responses"].get(self._table, ()))
