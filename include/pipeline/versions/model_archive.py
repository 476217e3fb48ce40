"""`model.tar.gz`: unpacked from a training job, packed again for serving, always the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from include.domain.errors import ReleaseFailed

ARCHIVE_SUFFIX = ".tar.gz"
_COMPRESSION = 1
"""Quantized weights hardly shrink; a higher level costs seconds and saves nothing."""


def unpack_archive(archive: Path, folder: Path) -> None:
    """Unpack, refusing entries that would land outside `folder`.

    Raises:
        ReleaseFailed: it is no gzip tar, is cut short, or has such an entry.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (OSError, EOFError, tarfile.TarError, zlib.error) as exc:
        raise ReleaseFailed(f"cannot unpack {archive.name}: {exc}") from exc


def pack_archive(folder: Path, extra: Mapping[str, bytes], target: Path) -> str:
    """Pack a folder's files and `extra` ones, in name order, without owner or time.

    Returns:
        The sha256 of the archive, hex.
    """
    files = {
        str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", _COMPRESSION, raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name in sorted(files.keys() | extra.keys()):
            content = extra[name] if name in extra else files[name].read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    return file_sha256(target)


def file_sha256(path: Path) -> str:
    """The sha256 of a file, hex, in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_digest(folder: Path, patterns: tuple[str, ...]) -> str:
    """Sha256, hex, over the names and contents of a folder's files that match a pattern."""
    digest = hashlib.sha256()
    paths = {path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()}
    for path in sorted(paths):
        digest.update(f"{path.relative_to(folder)}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()
