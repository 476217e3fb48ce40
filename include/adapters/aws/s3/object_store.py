"""ObjectStore on S3."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn, cast

from boto3.exceptions import Boto3Error

from include.adapters.aws.errors import AwsError, error_code, explain
from include.adapters.aws.s3.s3_uris import S3Uri
from include.domain.errors import ObjectMissing, StoreError
from include.pipeline.ports.objects import ObjectInfo
from include.pipeline.queues.ports import ObjectDetails

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

READ_BUFFER_BYTES = 256 * 1024

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "404", "NotFound"})


class S3ObjectStore:
    """Objects of any bucket the credentials reach. Uploads are multipart where large."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    @contextmanager
    def open(self, uri: str) -> Iterator[BinaryIO]:
        """Open an object for streaming; see `ObjectStore.open`."""
        at = S3Uri.parse(uri)
        try:
            body = self._client.get_object(Bucket=at.bucket, Key=at.key)["Body"]
        except AwsError as exc:
            _fail_read(uri, "read", exc)
        with io.BufferedReader(_Body(body, uri), READ_BUFFER_BYTES) as stream:
            yield cast(BinaryIO, stream)

    def download(self, uri: str, path: Path) -> None:
        """Copy an object to a local file; see `ObjectStore.download`."""
        at = S3Uri.parse(uri)
        try:
            self._client.download_file(at.bucket, at.key, str(path))
        except (*AwsError, Boto3Error) as exc:
            _fail_read(uri, "read", exc)

    def upload(self, path: Path, uri: str, content_type: str = "application/octet-stream") -> None:
        """Write a local file as one object; it appears whole or not at all."""
        at = S3Uri.parse(uri)
        try:
            self._client.upload_file(
                str(path), at.bucket, at.key, ExtraArgs={"ContentType": content_type}
            )
        except (*AwsError, Boto3Error) as exc:
            _fail(uri, "write", exc)

    def read_text(self, uri: str) -> str:
        """Return a small UTF-8 object; see `ObjectStore.read_text`."""
        with self.open(uri) as stream:
            return stream.read().decode()

    def write_text(self, uri: str, text: str, content_type: str = "application/json") -> None:
        """Write a small UTF-8 object."""
        at = S3Uri.parse(uri)
        try:
            self._client.put_object(
                Bucket=at.bucket, Key=at.key, Body=text.encode(), ContentType=content_type
            )
        except AwsError as exc:
            _fail(uri, "write", exc)

    def exists(self, uri: str) -> bool:
        """Whether an object stands at the URI."""
        at = S3Uri.parse(uri)
        try:
            self._client.head_object(Bucket=at.bucket, Key=at.key)
        except AwsError as exc:
            if error_code(exc) in _MISSING:
                return False
            _fail(uri, "look for", exc)
        return True

    def describe(self, uri: str) -> ObjectDetails:
        """Return an object's size and metadata; see `Uploads.describe`."""
        at = S3Uri.parse(uri)
        try:
            head = self._client.head_object(Bucket=at.bucket, Key=at.key)
        except AwsError as exc:
            _fail_read(uri, "look at", exc)
        metadata = {name.lower(): value for name, value in head.get("Metadata", {}).items()}
        return ObjectDetails(head["ContentLength"], metadata)

    def list_objects(self, prefix_uri: str) -> list[ObjectInfo]:
        """Return the objects whose URIs start with `prefix_uri`, sorted."""
        at = S3Uri.parse_prefix(prefix_uri)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=at.bucket, Prefix=at.key
        )
        try:
            found = [
                ObjectInfo(
                    str(S3Uri(at.bucket, each["Key"])),
                    each["Size"],
                    each["ETag"],
                    each["LastModified"],
                )
                for page in pages
                for each in page.get("Contents", ())
            ]
        except AwsError as exc:
            _fail(prefix_uri, "list", exc)
        return sorted(found, key=lambda info: info.uri)

    def move(self, uri: str, target_uri: str) -> None:
        """Copy an object, then delete the original; see `ObjectStore.move`."""
        at, target = S3Uri.parse(uri), S3Uri.parse(target_uri)
        source: CopySourceTypeDef = {"Bucket": at.bucket, "Key": at.key}
        try:
            self._client.copy(source, target.bucket, target.key)
            self._client.delete_object(Bucket=at.bucket, Key=at.key)
        except (*AwsError, Boto3Error) as exc:
            _fail_read(uri, "move", exc)


class _Body(io.RawIOBase):
    """A response body as a raw stream; a connection lost half-way is an error, never an end."""

    def __init__(self, body: StreamingBody, uri: str) -> None:
        super().__init__()
        self._body = body
        self._uri = uri

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            return self._body.readinto(buffer)  # type: ignore[arg-type]
        except AwsError as exc:
            _fail_read(self._uri, "read", exc)

    def close(self) -> None:
        self._body.close()
        super().close()


def _fail_read(uri: str, doing: str, exc: Exception) -> NoReturn:
    if error_code(exc) in _MISSING:
        raise ObjectMissing(f"{uri}: no such object") from exc
    _fail(uri, doing, exc)


def _fail(uri: str, doing: str, exc: Exception) -> NoReturn:
    raise StoreError(f"cannot {doing} {uri}: {explain(exc)}") from exc
