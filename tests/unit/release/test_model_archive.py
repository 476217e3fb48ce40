"""Archives of others are unpacked inside the folder, or refused in one line."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from include.domain.errors import ReleaseFailed
from include.pipeline.versions.model_archive import pack_archive, unpack_archive


def slipping(path: Path) -> None:
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo("../outside")
        entry.size = 2
        tar.addfile(entry, io.BytesIO(b"hi"))


def linked(path: Path) -> None:
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo("model.json")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)


def cut_short(path: Path) -> None:
    whole(path)
    path.write_bytes(path.read_bytes()[:-40])


def damaged(path: Path) -> None:
    whole(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)


def whole(path: Path) -> None:
    folder = path.parent / "whole"
    folder.mkdir()
    # Text that does not shrink away, so that damage falls into it.
    words = " ".join(str(number**3) for number in range(50_000))
    (folder / "words.txt").write_text(words)
    pack_archive(folder, {}, path)


def not_an_archive(path: Path) -> None:
    path.write_bytes(b"hello")


@pytest.mark.parametrize("make", [slipping, linked, cut_short, damaged, not_an_archive])
def test_what_cannot_or_must_not_be_unpacked_is_refused(make, tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    make(archive)
    with pytest.raises(ReleaseFailed, match=r"cannot unpack model\.tar\.gz: "):
        unpack_archive(archive, tmp_path / "folder")
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "folder" / "model.json").exists()
