"""ObjectStore in a dictionary."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from include.adapters.aws.s3.s3_uris import S3Uri
from include.domain.errors import ObjectMissing
from include.pipeline.ports.objects import ObjectInfo
from include.pipeline.queues.ports import ObjectDetails


class FakeObjectStore:
    """Objects by URI, as `objects`; writes are counted by URI in `writes`.

    `metadata` holds what uploaders wrote on objects, by URI; `modified_at` when, by `time`.
    """

    time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __init__(self, objects: dict[str, bytes | str] | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.writes: dict[str, int] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.modified_at: dict[str, datetime] = {}
        for uri, content in (objects or {}).items():
            self.put(uri, content)

    def put(self, uri: str, content: bytes | str) -> None:
        """Write an object from bytes or text."""
        uri = str(S3Uri.parse(uri))
        self.objects[uri] = content.encode() if isinstance(content, str) else content
        self.writes[uri] = self.writes.get(uri, 0) + 1
        self.modified_at[uri] = self.time

    @contextmanager
    def open(self, uri: str) -> Iterator[BinaryIO]:
        yield io.BytesIO(self._get(uri))

    def download(self, uri: str, path: Path) -> None:
        path.write_bytes(self._get(uri))

    def upload(self, path: Path, uri: str, content_type: str = "application/octet-stream") -> None:
        self.put(uri, path.read_bytes())

    def read_text(self, uri: str) -> str:
        return self._get(uri).decode()

    def write_text(self, uri: str, text: str, content_type: str = "application/json") -> None:
        self.put(uri, text)

    def exists(self, uri: str) -> bool:
        return str(S3Uri.parse(uri)) in self.objects

    def describe(self, uri: str) -> ObjectDetails:
        return ObjectDetails(len(self._get(uri)), self.metadata.get(uri, {}))

    def list_objects(self, prefix_uri: str) -> list[ObjectInfo]:
        prefix = str(S3Uri.parse_prefix(prefix_uri))
        return [
            ObjectInfo(uri, len(content), _etag(content), self.modified_at.get(uri, self.time))
            for uri, content in sorted(self.objects.items())
            if uri.startswith(prefix)
        ]

    def move(self, uri: str, target_uri: str) -> None:
        self.put(target_uri, self._get(uri))
        del self.objects[str(S3Uri.parse(uri))]

    def _get(self, uri: str) -> bytes:
        try:
            return self.objects[str(S3Uri.parse(uri))]
        except KeyError:
            raise ObjectMissing(f"{uri}: no such object") from None


def _etag(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()  # noqa: S324
