"""What became of a batch, read from the product's own stores."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import boto3
import psycopg
from psycopg.rows import dict_row

#: The write store's index by batch is spread over this many keys, `<batch id>#<0..15>`.
_BUCKETS = 16


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of the product's view `batch_summary`, and the write store's count.

    Attributes:
        elapsed_s: from submission to both stores, seconds; `None` while it runs.
        list_cost_usd: what the emulated time would cost at list price.
        dynamodb_count: items of the batch in DynamoDB.
        prediction_count: rows of the batch in PostgreSQL.
        quality_uri: S3 URI of the data docs; empty without.
    """

    batch_id: str
    run_id: str
    account_id: str
    tier: str
    document_count: int
    lane: str | None
    placement_reason: str | None
    state: str
    message: str
    deadline_s: float
    deadline_met: bool | None
    elapsed_s: float | None
    documents_per_s: float | None
    prediction_count: int
    quarantined_count: int
    list_cost_usd: float
    is_emulated: bool
    quality_uri: str
    dynamodb_count: int

    @property
    def adds_up(self) -> bool:
        """Whether each document stands once in both stores or in quarantine."""
        expected = self.document_count - self.quarantined_count
        return self.dynamodb_count == self.prediction_count == expected


class FiguresReader:
    """Reads the stores with the running stack's variables.

    Args:
        environment: the stack's variables.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._database_url = environment["TWOLANE_DATABASE_URL"]
        self._table = environment.get("TWOLANE_PREDICTIONS_TABLE", "twolane-predictions")
        self._dynamodb = aws_client("dynamodb", environment)

    def by_run(self, run_id: str) -> Figures | None:
        """Return the figures of the batch a run worked on; `None` if it never became one."""
        return self._where("run_id", run_id)

    def by_batch(self, batch_id: str) -> Figures | None:
        """Return the figures of a batch; `None` if there is none."""
        return self._where("batch_id", batch_id)

    def _where(self, column: str, value: str) -> Figures | None:
        columns = [field.name for field in fields(Figures) if field.name != "dynamodb_count"]
        query = f"SELECT {', '.join(columns)} FROM batch_summary WHERE {column} = %s"  # noqa: S608
        with psycopg.connect(self._database_url, row_factory=dict_row) as connection:
            row = connection.execute(query.encode(), [value]).fetchone()
        if row is None:
            return None
        return Figures(**row, dynamodb_count=self._count_items(row["batch_id"]))

    def _count_items(self, batch_id: str) -> int:
        with ThreadPoolExecutor(4) as pool:
            keys = (f"{batch_id}#{bucket}" for bucket in range(_BUCKETS))
            return sum(pool.map(self._count_bucket, keys))

    def _count_bucket(self, key: str) -> int:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_batch",
            Select="COUNT",
            KeyConditionExpression="batch_bucket = :bucket",
            ExpressionAttributeValues={":bucket": {"S": key}},
        )
        return sum(page["Count"] for page in pages)


def aws_client(service: str, environment: dict[str, str]) -> Any:
    """Return a boto3 client of the embedded AWS, whatever this process's own environment says."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def browser_address(uri: str, environment: dict[str, str]) -> str:
    """Return where a browser on this machine sees an `s3://` object."""
    return f"{environment['AWS_ENDPOINT_URL']}/{uri.removeprefix('s3://')}"
