"""ObjectStore: the same promises on the fake and on S3."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.adapters.aws.s3.object_store import S3ObjectStore
from include.domain.errors import BucketNotAllowed, ObjectMissing, StoreError
from include.pipeline.batch_objects.near_objects import NearObjects
from include.pipeline.ports.objects import ObjectStore
from tests.support.fakes import FakeObjectStore
from tests.support.local_aws import LocalAws


@pytest.fixture(params=["fake", "near the fake", "s3"])
def store(request: pytest.FixtureRequest) -> Iterator[ObjectStore]:
    match request.param:
        case "fake":
            yield FakeObjectStore()
        case "near the fake":
            with NearObjects(FakeObjectStore(), owned_prefix=lambda uri: None) as near:
                yield near
        case _:
            cloud: LocalAws = request.getfixturevalue("cloud")
            yield S3ObjectStore(cloud.client("s3", s3={"addressing_style": "path"}))


@pytest.fixture
def folder() -> str:
    """A prefix of the test's own."""
    return f"s3://twolane-work/{uuid.uuid4().hex}/"


def test_text_comes_back_as_written(store: ObjectStore, folder: str) -> None:
    store.write_text(f"{folder}a.json", '{"label": "Größe"}')

    assert store.read_text(f"{folder}a.json") == '{"label": "Größe"}'


def test_a_write_replaces_the_whole_object(store: ObjectStore, folder: str) -> None:
    store.write_text(f"{folder}a", "a long first version")
    store.write_text(f"{folder}a", "short")

    assert store.read_text(f"{folder}a") == "short"


def test_files_go_up_and_come_down(store: ObjectStore, folder: str, tmp_path: Path) -> None:
    (tmp_path / "up").write_bytes(bytes(range(256)) * 5000)

    store.upload(tmp_path / "up", f"{folder}data.bin")
    store.download(f"{folder}data.bin", tmp_path / "down")

    assert (tmp_path / "down").read_bytes() == (tmp_path / "up").read_bytes()


def test_an_object_is_read_line_by_line(store: ObjectStore, folder: str) -> None:
    lines = [f"line {number}\n" for number in range(20_000)]
    store.write_text(f"{folder}lines", "".join(lines))

    with store.open(f"{folder}lines") as stream:
        first = stream.readline()
        rest = list(stream)

    assert first == b"line 0\n"
    assert rest == [line.encode() for line in lines[1:]]


def test_a_stream_may_be_left_before_its_end(store: ObjectStore, folder: str) -> None:
    store.write_text(f"{folder}lines", "x\n" * 500_000)

    with store.open(f"{folder}lines") as stream:
        assert stream.readline() == b"x\n"

    assert store.exists(f"{folder}lines")


def test_an_absent_object_is_named(store: ObjectStore, folder: str, tmp_path: Path) -> None:
    uri = f"{folder}absent"

    assert not store.exists(uri)
    with pytest.raises(ObjectMissing, match=uri):
        store.read_text(uri)
    with pytest.raises(ObjectMissing, match=uri):
        store.download(uri, tmp_path / "x")
    with pytest.raises(ObjectMissing, match=uri), store.open(uri):
        pass
    with pytest.raises(ObjectMissing, match=uri):
        store.move(uri, f"{folder}elsewhere")


def test_listing_is_sorted_and_stays_below_the_prefix(store: ObjectStore, folder: str) -> None:
    for name in ("b/2", "a/10", "a/1", "ab/3"):
        store.write_text(folder + name, "x" * 3)

    found = store.list_objects(f"{folder}a/")

    assert [info.uri for info in found] == [f"{folder}a/1", f"{folder}a/10"]
    assert [info.size_bytes for info in found] == [3, 3]
    assert store.list_objects(f"{folder}none/") == []


def test_the_etag_follows_the_content(store: ObjectStore, folder: str) -> None:
    store.write_text(f"{folder}a", "one")
    before = store.list_objects(folder)[0].etag
    store.write_text(f"{folder}a", "one")
    same = store.list_objects(folder)[0].etag
    store.write_text(f"{folder}a", "two")

    assert same == before
    assert store.list_objects(folder)[0].etag != before


def test_an_object_is_described_with_its_uploaders_metadata(cloud: LocalAws, folder: str) -> None:
    client = cloud.client("s3")
    bucket, key = f"{folder}a".removeprefix("s3://").split("/", 1)
    client.put_object(Bucket=bucket, Key=key, Body=b"abc", Metadata={"Twolane-Tier": "demo"})

    details = S3ObjectStore(client).describe(f"{folder}a")

    assert (details.size_bytes, details.metadata) == (3, {"twolane-tier": "demo"})
    with pytest.raises(ObjectMissing, match=f"{folder}none"):
        S3ObjectStore(client).describe(f"{folder}none")


def test_a_moved_object_stands_in_one_place(store: ObjectStore, folder: str) -> None:
    store.write_text(f"{folder}from", "content")

    store.move(f"{folder}from", f"{folder}to/there")

    assert store.read_text(f"{folder}to/there") == "content"
    assert not store.exists(f"{folder}from")


@pytest.mark.parametrize(
    "uri", ["", "file:///etc/passwd", "s3://", "s3://Bucket/key", "s3://bucket", "s3://bucket/"]
)
def test_what_is_no_object_uri_is_refused(store: ObjectStore, uri: str) -> None:
    with pytest.raises(BucketNotAllowed):
        store.read_text(uri)


def test_a_key_longer_than_s3_takes_is_refused(store: ObjectStore) -> None:
    def write() -> None:
        store.write_text("s3://twolane-work/" + "é" * 513, "x")
        store.list_objects("s3://twolane-work/")  # the last moment for a write to be refused

    with pytest.raises(BucketNotAllowed, match="1024"):
        write()


def test_writing_to_an_absent_bucket_is_a_store_error(cloud: LocalAws, tmp_path: Path) -> None:
    store = S3ObjectStore(cloud.client("s3"))
    (tmp_path / "file").write_text("x")

    with pytest.raises(StoreError, match="s3://no-such-bucket/a"):
        store.write_text("s3://no-such-bucket/a", "x")
    with pytest.raises(StoreError, match="s3://no-such-bucket/a"):
        store.upload(tmp_path / "file", "s3://no-such-bucket/a")


def test_an_unreachable_service_is_a_store_error() -> None:
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:9",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )

    with pytest.raises(StoreError, match="EndpointConnectionError"):
        S3ObjectStore(client).read_text("s3://twolane-work/a")
