from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.engine import cases
from benchmarks.engine.cases import CaseMaker
from stack.install import Installer


class FakeInstaller:
    """Writes down which modules it is told to run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def say(self, text: str) -> None:
        pass

    def run(self, what: str, command: list[str], log: Path) -> None:
        self.ran.append(command[command.index("-m") + 1].rpartition(".")[2])


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeInstaller:
    def ensure(name: str, installer: Any) -> Path:
        return Path(sys.executable)

    monkeypatch.setattr(cases, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(cases, "ensure", ensure)
    return FakeInstaller()


def test_a_case_is_prepared_once_and_anew_when_its_documents_change(
    installer: FakeInstaller, tmp_path: Path
) -> None:
    documents = tmp_path / "news.jsonl"
    documents.write_text('{"text": "a"}\n')
    maker = CaseMaker(cast("Installer", installer), 100)
    first = maker.make(documents, 256)
    assert maker.make(documents, 256) == first
    assert installer.ran == ["prepare", "export_onnx"]
    other = maker.make(documents, 512)
    documents.write_text('{"text": "b"}\n')
    second = maker.make(documents, 256)
    assert len(installer.ran) == 6
    assert not first.folder.exists()
    assert second.folder.exists()
    assert other.folder.exists()


def test_a_case_whose_preparation_broke_off_is_prepared_again(
    installer: FakeInstaller, tmp_path: Path
) -> None:
    documents = tmp_path / "news.jsonl"
    documents.write_text('{"text": "a"}\n')
    maker = CaseMaker(cast("Installer", installer), 100)
    (maker.make(documents, 256).folder / "ready").unlink()
    maker.make(documents, 256)
    assert installer.ran == ["prepare", "export_onnx"] * 2
