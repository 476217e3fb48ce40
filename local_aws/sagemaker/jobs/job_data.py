"""Data in and out of a job's file system, shared by processing and training."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from local_aws.sagemaker.concurrency import all_or_first_error, cancelled
from local_aws.sagemaker.errors import JobFailedError
from local_aws.sagemaker.s3io import S3, S3Object

_GZIP_SUFFIX = ".gz"


def safe_path(folder: Path, relative: str) -> Path:
    """``folder/relative``.

    Raises:
        JobFailedError: ``relative`` leaves the folder, as a hostile key or manifest could.
    """
    path = folder / relative
    if not path.resolve().is_relative_to(folder.resolve()):
        raise JobFailedError(f"ClientError: Data download failed: bad object name {relative}")
    return path


async def download_all(s3: S3, items: list[S3Object], folder: Path, gunzip: bool = False) -> None:
    """Download ``items`` under ``folder`` by their relative names, several at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    works = []
    for item in items:
        name = item.relative
        if gunzip and name.endswith(_GZIP_SUFFIX):
            name = name.removesuffix(_GZIP_SUFFIX)
        works.append(s3.download(item, safe_path(folder, name), gunzip))
    await all_or_first_error(works)


class FolderMirror:
    """Uploads a folder's new and changed files to S3, as checkpoints and continuous outputs."""

    def __init__(self, s3: S3, folder: Path, uri: str) -> None:
        self._s3 = s3
        self.folder = folder
        self.uri = uri.rstrip("/")
        self._seen: dict[str, tuple[int, int]] = {}

    def mark_current(self) -> None:
        """Take what lies in the folder now as uploaded already."""
        self._seen = self._state()

    async def sync(self) -> None:
        """Upload each file whose size or time has changed since the last call."""
        for name, state in self._state().items():
            if self._seen.get(name) != state:
                with contextlib.suppress(FileNotFoundError):
                    await self._s3.upload(self.folder / name, f"{self.uri}/{name}")
                    self._seen[name] = state

    @contextlib.asynccontextmanager
    async def following(self, poll_s: float) -> AsyncIterator[None]:
        """Sync each ``poll_s`` while the block runs; the last sync is the caller's."""
        task = asyncio.create_task(self._follow(poll_s))
        try:
            yield
        finally:
            await cancelled([task])

    async def _follow(self, poll_s: float) -> None:
        while True:
            await asyncio.sleep(poll_s)
            with contextlib.suppress(JobFailedError):  # the last sync reports what remains
                await self.sync()

    def _state(self) -> dict[str, tuple[int, int]]:
        state = {}
        for path in sorted(self.folder.rglob("*")):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    stat = path.stat()
                    name = path.relative_to(self.folder).as_posix()
                    state[name] = (stat.st_mtime_ns, stat.st_size)
        return state
