"""Objects, and the documents in them, as contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from include.domain.batches.documents import RawDocument


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One listed object; `etag` changes with its content, `modified_at` is its last write."""

    uri: str
    size_bytes: int
    etag: str
    modified_at: datetime


class ObjectStore(Protocol):
    """S3, by URI. Writes are whole-object and atomic."""

    def open(self, uri: str) -> AbstractContextManager[BinaryIO]:
        """Open an object for streaming. Raises `ObjectMissing` where there is none."""
        ...

    def download(self, uri: str, path: Path) -> None:
        """Copy an object to a local file. Raises `ObjectMissing` where there is none."""
        ...

    def upload(self, path: Path, uri: str, content_type: str = "application/octet-stream") -> None:
        """Write a local file as one object."""
        ...

    def read_text(self, uri: str) -> str:
        """Return a small UTF-8 object. Raises `ObjectMissing` where there is none."""
        ...

    def write_text(self, uri: str, text: str, content_type: str = "application/json") -> None:
        """Write a small UTF-8 object."""
        ...

    def exists(self, uri: str) -> bool:
        """Whether an object stands at the URI."""
        ...

    def list_objects(self, prefix_uri: str) -> list[ObjectInfo]:
        """Return the objects below a prefix, sorted by URI; empty where there is none."""
        ...

    def move(self, uri: str, target_uri: str) -> None:
        """Copy an object, then delete the original. Raises `ObjectMissing`."""
        ...


class DocumentReader(Protocol):
    """Reads batch files: JSON Lines, CSV, Parquet; gzip or not."""

    def read(self, path: Path, *, uri: str) -> Iterator[RawDocument]:
        """Yield every row in file order, in constant memory, faulty rows marked.

        Args:
            path: a local copy of the file.
            uri: where it came from: its extension helps to tell the format, errors name it.

        Raises:
            UnreadableBatch: the file as a whole cannot be read.
            EmptyBatch: it holds no row.
        """
        ...
