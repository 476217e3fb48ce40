"""An object store that answers from memory and writes behind, for steps that share a process.

A step reads what the step before it wrote. Where both run in one process, the object need not
travel: of a small batch's three dozen round trips to S3, ten writes are left, and nobody waits
for them before `flush`.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from include.pipeline.ports.objects import ObjectInfo, ObjectStore


class NearObjects:
    """An `ObjectStore` over another one, for a process that alone writes below some prefixes.

    Writes reach the store behind in the order they were made. When the process dies before
    `flush`, the store is as it would be had the process died earlier: steps that are safe to
    repeat stay so. Used as a context manager, it flushes at the end, also behind an error.

    Args:
        behind: the store that keeps.
        owned_prefix: returns the prefix that a URI lies below and this process alone writes to,
            or None; of such a prefix, what exists is asked for once.
        max_bytes: larger objects are not kept in memory.
        max_kept_bytes: nor are more when so much is; they are written at once, and read from
            behind. A small gzip can hold a large batch.
    """

    def __init__(
        self,
        behind: ObjectStore,
        *,
        owned_prefix: Callable[[str], str | None],
        max_bytes: int = 2**20,
        max_kept_bytes: int = 64 * 2**20,
    ) -> None:
        self._behind = behind
        self._owned_prefix = owned_prefix
        self._max_bytes = max_bytes
        self._max_kept_bytes = max_kept_bytes
        self._kept_bytes = 0
        self._known: dict[str, bytes] = {}
        self._listed: dict[str, set[str]] = {}
        self._writes: deque[Future[None]] = deque()
        self._error: Exception | None = None
        # One thread, so that writes keep their order.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="write-behind")

    def __enter__(self) -> NearObjects:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.flush()
        except Exception:
            if error is None:  # else it is the first error that matters
                raise
        finally:
            self._writer.shutdown()

    def flush(self) -> None:
        """Return once every write stands. Raises what the first failed one raised."""
        while self._writes:
            self._writes.popleft().result()

    @contextmanager
    def open(self, uri: str) -> Iterator[BinaryIO]:
        """See `ObjectStore.open`."""
        known = self._known.get(uri)
        source: AbstractContextManager[BinaryIO] = (
            self._behind.open(uri) if known is None else io.BytesIO(known)
        )
        with source as stream:
            yield stream

    def download(self, uri: str, path: Path) -> None:
        """See `ObjectStore.download`."""
        known = self._known.get(uri)
        if known is None:
            self._behind.download(uri, path)
        else:
            path.write_bytes(known)

    def upload(self, path: Path, uri: str, content_type: str = "application/octet-stream") -> None:
        """See `ObjectStore.upload`. What is large or no text is uploaded at once."""
        text = _small_text(path, self._max_bytes)
        if text is None:
            self.flush()
            self._behind.upload(path, uri, content_type)
            self._forget(uri)
        else:
            self.write_text(uri, text, content_type)

    def read_text(self, uri: str) -> str:
        """See `ObjectStore.read_text`."""
        known = self._known.get(uri)
        if known is None:
            text = self._behind.read_text(uri)
            self._keep(uri, text.encode())
            return text
        return known.decode()

    def write_text(self, uri: str, text: str, content_type: str = "application/json") -> None:
        """See `ObjectStore.write_text`."""
        if self._keep(uri, text.encode()):
            self._writes.append(self._writer.submit(self._put, uri, text, content_type))
        else:
            self.flush()
            self._behind.write_text(uri, text, content_type)
            self._forget(uri)

    def exists(self, uri: str) -> bool:
        """See `ObjectStore.exists`."""
        if uri in self._known:
            return True
        prefix = self._owned_prefix(uri)
        if prefix is None:
            return self._behind.exists(uri)
        if prefix not in self._listed:
            self._listed[prefix] = {info.uri for info in self._behind.list_objects(prefix)}
        return uri in self._listed[prefix]

    def list_objects(self, prefix_uri: str) -> list[ObjectInfo]:
        """See `ObjectStore.list_objects`; behind what was written."""
        self.flush()
        return self._behind.list_objects(prefix_uri)

    def move(self, uri: str, target_uri: str) -> None:
        """See `ObjectStore.move`; behind what was written."""
        self.flush()
        self._behind.move(uri, target_uri)
        self._forget(uri)
        self._forget(target_uri)

    def _put(self, uri: str, text: str, content_type: str) -> None:
        if self._error is not None:  # nothing may stand that was written behind what does not
            raise self._error
        try:
            self._behind.write_text(uri, text, content_type)
        except Exception as exc:
            self._error = exc
            raise

    def _keep(self, uri: str, content: bytes) -> bool:
        """Keep an object if there is room for it; return whether there was."""
        kept_bytes = self._kept_bytes - len(self._known.get(uri, b"")) + len(content)
        if len(content) > self._max_bytes or kept_bytes > self._max_kept_bytes:
            return False
        self._known[uri] = content
        self._kept_bytes = kept_bytes
        return True

    def _forget(self, uri: str) -> None:
        self._kept_bytes -= len(self._known.pop(uri, b""))
        prefix = self._owned_prefix(uri)
        if prefix is not None:
            self._listed.pop(prefix, None)


def _small_text(path: Path, max_bytes: int) -> str | None:
    if path.stat().st_size > max_bytes:
        return None
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        return None
