"""WriteStore on DynamoDB: parallel batch writes with bounded retries of what comes back.

Key design in docs/adr/0006-result-stores.md. Rows stream: at most a few batches a thread are in
memory, whatever the size of the shard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from include.adapters.aws.backoff import pause_s
from include.adapters.aws.dynamodb.prediction_items import (
    BATCH_INDEX,
    Item,
    batch_buckets,
    item_key,
    prediction_item,
    prediction_key,
    prediction_row,
)
from include.adapters.aws.errors import AwsError, error_code, explain
from include.domain.batches.manifests import BatchManifest
from include.domain.errors import StoreError
from include.pipeline.ports.stores import PredictionRow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ITEMS_A_WRITE = 25
"""BatchWriteItem's own limit."""

KEYS_A_READ = 100
"""BatchGetItem's own limit."""

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
    }
)


@dataclass(frozen=True, slots=True)
class WritePolicy:
    """How hard to try.

    Attributes:
        workers: writes under way at once.
        fruitless_attempts: tries of a batch in a row that may bring nothing before it is given up.
        backoff_base_s: upper bound of the first pause; it doubles with each fruitless try.
        backoff_cap_s: upper bound of any pause.
    """

    workers: int = 4
    fruitless_attempts: int = 10
    backoff_base_s: float = 0.05
    backoff_cap_s: float = 5.0


class DynamoWriteStore:
    """Predictions in one DynamoDB table.

    Args:
        client: low-level client; shared by the threads, which boto3 allows.
        table: table name.
        sleep: pauses between tries, seconds.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        policy: WritePolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._policy = policy or WritePolicy()
        self._sleep = sleep

    def put(self, manifest: BatchManifest, rows: Iterable[PredictionRow]) -> int:
        """Write rows and return how many; see `WriteStore.put`."""
        written = 0
        running: set[Future[int]] = set()
        with ThreadPoolExecutor(self._policy.workers, thread_name_prefix="dynamodb") as pool:
            try:
                for batch in _batches(rows):
                    if len(running) >= 2 * self._policy.workers:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        written += sum(future.result() for future in done)
                    running.add(pool.submit(self._write, manifest, batch))
                written += sum(future.result() for future in running)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return written

    def count(self, manifest: BatchManifest) -> int:
        """Return the batch's items, counted through the index; see `WriteStore.count`."""
        buckets = batch_buckets(manifest.batch_id)
        with ThreadPoolExecutor(self._policy.workers, thread_name_prefix="dynamodb") as pool:
            try:
                return sum(pool.map(self._count_bucket, buckets))
            except AwsError as exc:
                raise StoreError(f"{self._at(manifest)}: cannot count: {explain(exc)}") from exc

    def fetch(
        self, manifest: BatchManifest, document_ids: Sequence[str]
    ) -> Iterator[PredictionRow]:
        """Yield the rows of documents, read consistently; see `WriteStore.fetch`."""
        keys = [prediction_key(manifest, each) for each in document_ids]
        groups = [keys[at : at + KEYS_A_READ] for at in range(0, len(keys), KEYS_A_READ)]
        with ThreadPoolExecutor(self._policy.workers, thread_name_prefix="dynamodb") as pool:
            read = partial(self._read, manifest)
            for items in pool.map(read, groups):
                yield from (prediction_row(item) for item in items)

    def _read(self, manifest: BatchManifest, keys: list[Item]) -> list[Item]:
        items: list[Item] = []
        pending: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        fruitless = 0
        while pending:
            try:
                answer = self._client.batch_get_item(RequestItems=pending)
            except AwsError as exc:
                raise StoreError(f"{self._at(manifest)}: cannot read: {explain(exc)}") from exc
            found = answer.get("Responses", {}).get(self._table, [])
            items += found
            fruitless = 0 if found else fruitless + 1
            pending = answer.get("UnprocessedKeys")
            if pending and fruitless >= self._policy.fruitless_attempts:
                raise StoreError(f"{self._at(manifest)}: keys were left unread")
            if pending:
                self._sleep(self._pause_s(fruitless))
        return items

    def _count_bucket(self, bucket: str) -> int:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BATCH_INDEX,
            Select="COUNT",
            KeyConditionExpression="batch_bucket = :bucket",
            ExpressionAttributeValues={":bucket": {"S": bucket}},
        )
        return sum(page["Count"] for page in pages)

    def _write(self, manifest: BatchManifest, rows: list[PredictionRow]) -> int:
        # A batch may not name a key twice; of two rows of a document the later one stands.
        items = {item_key(item): item for item in (prediction_item(manifest, r) for r in rows)}
        pending: list[Any] = [{"PutRequest": {"Item": item}} for item in items.values()]
        fruitless = 0
        while pending:
            left, reason = self._try(manifest, pending)
            fruitless = fruitless + 1 if len(left) == len(pending) else 0
            if fruitless >= self._policy.fruitless_attempts:
                raise StoreError(
                    f"{self._at(manifest)}: {len(left)} items were not written after {fruitless} "
                    f"tries in a row: {reason}"
                )
            if left:
                self._sleep(self._pause_s(fruitless))
            pending = left
        return len(rows)

    def _try(self, manifest: BatchManifest, requests: list[Any]) -> tuple[list[Any], str]:
        try:
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
        except AwsError as exc:
            if error_code(exc) in _THROTTLED:
                return requests, explain(exc)
            raise StoreError(f"{self._at(manifest)}: {explain(exc)}") from exc
        return list(answer.get("UnprocessedItems", {}).get(self._table, ())), "left unprocessed"

    def _pause_s(self, fruitless: int) -> float:
        policy = self._policy
        return pause_s(fruitless, base_s=policy.backoff_base_s, cap_s=policy.backoff_cap_s)

    def _at(self, manifest: BatchManifest) -> str:
        return f"batch {manifest.batch_id} in DynamoDB table {self._table}"


def _batches(rows: Iterable[PredictionRow]) -> Iterator[list[PredictionRow]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, ITEMS_A_WRITE)):
        yield batch
