"""WriteStore: the same promises on the fake and on DynamoDB."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from include.adapters.aws.dynamodb.write_store import DynamoWriteStore, WritePolicy
from include.domain.batches.manifests import BatchManifest
from include.domain.batches.predictions import Stage
from include.domain.errors import StoreError
from include.pipeline.ports.stores import PredictionRow, WriteStore
from tests.support.fakes import FakeWriteStore
from tests.support.local_aws import LocalAws
from tests.support.manifests import HEADS, make_manifest, make_rows

TABLE = "twolane-predictions"


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> WriteStore:
    if request.param == "fake":
        return FakeWriteStore()
    cloud: LocalAws = request.getfixturevalue("cloud")
    return DynamoWriteStore(cloud.client("dynamodb"), TABLE)


@pytest.fixture
def manifest() -> BatchManifest:
    return make_manifest(f"b-{uuid.uuid4().hex[:20]}")


def test_every_row_is_written_and_counted(store: WriteStore, manifest: BatchManifest) -> None:
    assert store.count(manifest) == 0

    assert store.put(manifest, make_rows(333)) == 333

    assert store.count(manifest) == 333


def test_a_repeated_load_leaves_one_item_a_document(
    store: WriteStore, manifest: BatchManifest
) -> None:
    store.put(manifest, make_rows(40))
    store.put(manifest, make_rows(60))

    assert store.count(manifest) == 60


def test_a_document_given_twice_stands_once(store: WriteStore, manifest: BatchManifest) -> None:
    store.put(manifest, [*make_rows(3), *make_rows(3, label="World")])

    assert store.count(manifest) == 3


def test_batches_and_versions_are_counted_apart(store: WriteStore, manifest: BatchManifest) -> None:
    other = make_manifest(f"{manifest.batch_id}x")
    store.put(manifest, make_rows(5))
    store.put(other, make_rows(7))

    assert (store.count(manifest), store.count(other)) == (5, 7)


def test_rows_are_fetched_as_written_and_what_is_not_there_is_left_out(
    store: WriteStore, manifest: BatchManifest
) -> None:
    rows = [
        *make_rows(230),
        PredictionRow("ключ 🦉 a#b", "Sci/Tech", 1 / 3),
        *(PredictionRow(f"staged-{stage}", "World", 0.5, stage) for stage in Stage),
        PredictionRow("bundled", "World", 0.5, heads=HEADS),
    ]
    store.put(manifest, rows)
    ids = [row.document_id for row in rows]

    found = list(store.fetch(manifest, [*ids, "no-such-document"]))

    assert sorted(found, key=lambda row: row.document_id) == sorted(
        rows, key=lambda row: row.document_id
    )
    assert list(store.fetch(make_manifest(f"{manifest.batch_id}x"), ids)) == []


def test_nothing_to_write_is_fine(store: WriteStore, manifest: BatchManifest) -> None:
    assert store.put(manifest, iter(())) == 0


def test_ids_of_any_script_are_kept(store: WriteStore, manifest: BatchManifest) -> None:
    rows = [PredictionRow(each, "World", 0.5) for each in ("a#b", "ключ", "🦉", " ", "a/b?c=d")]

    assert store.put(manifest, rows) == 5
    assert store.count(manifest) == 5


def test_rows_are_taken_as_a_stream(cloud: LocalAws, manifest: BatchManifest) -> None:
    """At most a few batches a thread are taken before the first of them is written."""
    taken = 0
    first_write: list[int] = []
    client = cloud.client("dynamodb")
    client.meta.events.register(
        "after-call.dynamodb.BatchWriteItem", lambda **_: first_write.append(taken)
    )

    def rows() -> Iterator[PredictionRow]:
        nonlocal taken
        for row in make_rows(2000):
            taken += 1
            yield row

    DynamoWriteStore(client, TABLE, policy=WritePolicy(workers=2)).put(manifest, rows())

    assert first_write[0] <= 25 * (2 * 2 + 1)


def test_an_item_stands_under_the_designed_keys(cloud: LocalAws, manifest: BatchManifest) -> None:
    client = cloud.client("dynamodb")
    DynamoWriteStore(client, TABLE).put(manifest, [PredictionRow("doc-1", "Sports", 0.93)])

    answer = client.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={
            ":pk": {"S": "standard-harbor#doc-1"},
            ":sk": {"S": f"news-topic@1#{manifest.batch_id}"},
        },
    )

    (item,) = answer["Items"]
    assert item["label"] == {"S": "Sports"}
    assert item["score"] == {"N": "0.93"}
    assert "stage" not in item
    assert item["batch_bucket"]["S"].startswith(f"{manifest.batch_id}#")


def client_that_writes_nothing(cloud: LocalAws, tries: list[int]) -> Any:
    """A client whose every BatchWriteItem comes back whole; each call's items go to `tries`."""
    client = cloud.client("dynamodb")

    def keep(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["requests"] = params["RequestItems"][TABLE]
        tries.append(len(context["requests"]))

    def give_back(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedItems"] = {TABLE: context["requests"]}

    client.meta.events.register("provide-client-params.dynamodb.BatchWriteItem", keep)
    client.meta.events.register("after-call.dynamodb.BatchWriteItem", give_back)
    return client


def test_unprocessed_items_are_retried_until_written(
    cloud: LocalAws, manifest: BatchManifest
) -> None:
    """The service keeps back ten items of each first answer, as under a throttled partition."""
    pauses: list[float] = []
    sent: Counter[str] = Counter()
    client = cloud.client("dynamodb")

    def hold_back(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        requests = params["RequestItems"][TABLE]
        first = [r for r in requests if not sent[r["PutRequest"]["Item"]["pk"]["S"]]]
        sent.update(r["PutRequest"]["Item"]["pk"]["S"] for r in requests)
        context["held"] = first[:10] if len(first) > 10 else []
        kept = [r for r in requests if r not in context["held"]]
        params["RequestItems"] = {TABLE: kept}

    def give_back(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if context["held"]:
            parsed["UnprocessedItems"] = {TABLE: context["held"]}

    client.meta.events.register("provide-client-params.dynamodb.BatchWriteItem", hold_back)
    client.meta.events.register("after-call.dynamodb.BatchWriteItem", give_back)
    store = DynamoWriteStore(client, TABLE, sleep=pauses.append)

    assert store.put(manifest, make_rows(100)) == 100

    assert store.count(manifest) == 100
    assert len(pauses) == 4
    assert max(sent.values()) == 2


def test_a_throttled_call_is_retried(cloud: LocalAws, manifest: BatchManifest) -> None:
    refusals = iter([True, True, False])

    def throttle(parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
        if next(refusals):
            parsed["Error"] = {"Code": "ThrottlingException", "Message": "slow down"}
            http_response.status_code = 400

    client = cloud.client("dynamodb")
    client.meta.events.register("after-call.dynamodb.BatchWriteItem", throttle)
    store = DynamoWriteStore(client, TABLE, sleep=lambda _: None)

    assert store.put(manifest, make_rows(20)) == 20
    assert store.count(manifest) == 20


def test_items_that_are_never_taken_end_in_one_clear_error(
    cloud: LocalAws, manifest: BatchManifest
) -> None:
    tries: list[int] = []
    policy = WritePolicy(workers=1, fruitless_attempts=4)
    client = client_that_writes_nothing(cloud, tries)
    store = DynamoWriteStore(client, TABLE, policy=policy, sleep=lambda _: None)

    with pytest.raises(StoreError, match=f"batch {manifest.batch_id}.*25 items were not written"):
        store.put(manifest, make_rows(25))

    assert tries == [25] * 4


def test_pauses_grow_and_stay_below_their_cap(cloud: LocalAws, manifest: BatchManifest) -> None:
    pauses: list[float] = []
    policy = WritePolicy(workers=1, fruitless_attempts=30, backoff_base_s=0.05, backoff_cap_s=1.0)
    client = client_that_writes_nothing(cloud, [])
    store = DynamoWriteStore(client, TABLE, policy=policy, sleep=pauses.append)

    with pytest.raises(StoreError):
        store.put(manifest, make_rows(1))

    assert len(pauses) == 29
    assert max(pauses) <= 1.0
    assert all(pause <= 0.05 * 2**number for number, pause in enumerate(pauses, start=1))


def test_an_absent_table_is_a_store_error(cloud: LocalAws, manifest: BatchManifest) -> None:
    store = DynamoWriteStore(cloud.client("dynamodb"), "no-such-table")

    with pytest.raises(StoreError, match=f"{manifest.batch_id}.*no-such-table"):
        store.put(manifest, make_rows(1))
    with pytest.raises(StoreError, match=f"{manifest.batch_id}.*no-such-table"):
        store.count(manifest)
