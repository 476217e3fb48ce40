"""The processing job: shards in, whole outputs out, in constant memory."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.support.container import CONTRACT, log_events, peak_memory_kb, run_command, trivial_model

GOLDEN = CONTRACT / "golden"


@pytest.fixture
def ml_root(tmp_path: Path) -> Path:
    """A processing job's `/opt/ml`, without documents yet."""
    inputs = tmp_path / "ml/processing/input"
    (inputs / "documents").mkdir(parents=True)
    (inputs / "model").mkdir()
    folder = trivial_model(tmp_path / "artifact")
    with tarfile.open(inputs / "model/model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model.json", "model.json")
    return tmp_path / "ml"


def documents(ml_root: Path) -> Path:
    return ml_root / "processing/input/documents"


def outputs(ml_root: Path) -> dict[str, bytes]:
    folder = ml_root / "processing/output"
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_each_shard_gets_its_output(ml_root: Path) -> None:
    request = (GOLDEN / "request.jsonl").read_bytes()
    (documents(ml_root) / "00000.jsonl").write_bytes(request)
    (documents(ml_root) / "deep").mkdir()
    (documents(ml_root) / "deep/00001.jsonl").write_bytes(request.rstrip(b"\n"))
    (documents(ml_root) / "notes.txt").write_text("no shard")
    done = run_command("serving", "process", ml_root)
    assert done.returncode == 0, done.stderr
    response = (GOLDEN / "response.jsonl").read_bytes()
    expected = {"00000.jsonl.out": response, "deep/00001.jsonl.out": response}
    assert outputs(ml_root) == expected
    summary = log_events(done.stdout)[-1]
    assert summary["event"] == "inference_summary"
    assert (summary["documents"], summary["errors"]) == (24, 16)


def test_a_finished_shard_is_not_done_again(ml_root: Path) -> None:
    (documents(ml_root) / "00000.jsonl").write_text('{"id": "1", "text": "t"}\n')
    output = ml_root / "processing/output/00000.jsonl.out"
    output.parent.mkdir()
    output.write_text("from before\n")
    done = run_command("serving", "process", ml_root)
    assert done.returncode == 0
    assert outputs(ml_root) == {"00000.jsonl.out": b"from before\n"}


def test_an_instance_without_shards_succeeds(ml_root: Path) -> None:
    done = run_command("serving", "process", ml_root)
    assert done.returncode == 0
    assert "no shard" in done.stderr


def test_an_empty_shard_has_an_empty_output(ml_root: Path) -> None:
    (documents(ml_root) / "00000.jsonl").touch()
    assert run_command("serving", "process", ml_root).returncode == 0
    assert outputs(ml_root) == {"00000.jsonl.out": b""}


@pytest.mark.parametrize("content", [b"", b"not gzip", None])
def test_an_unusable_model_is_the_jobs_failure(ml_root: Path, content: bytes | None) -> None:
    archive = ml_root / "processing/input/model/model.tar.gz"
    archive.unlink() if content is None else archive.write_bytes(content)
    done = run_command("serving", "process", ml_root)
    assert done.returncode == 1
    assert "model.tar.gz" in done.stderr.splitlines()[-1]
    assert "model.tar.gz" in (ml_root / "output/failure").read_text()


def test_memory_does_not_grow_with_the_shard(ml_root: Path) -> None:
    line = json.dumps({"id": "some-id", "text": "word " * 100}).encode() + b"\n"
    peaks_kb = []
    for count in (5_000, 100_000):
        (documents(ml_root) / "00000.jsonl").write_bytes(line * count)
        peaks_kb.append(peak_memory_kb("serving", "process", ml_root))
        output = ml_root / "processing/output/00000.jsonl.out"
        assert output.read_bytes().count(b"\n") == count
        output.unlink()
    assert peaks_kb[1] < peaks_kb[0] + 8 * 1024, "20 times the documents, 52 MB more to read"
