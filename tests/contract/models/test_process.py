"""The processing job: shards in, whole outputs out, in constant memory."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".parquet"])
def test_other_formats_get_the_same_answers(ml_root: Path, suffix: str) -> None:
    lines = [json.dumps({"id": f"{n}", "text": f"text {n}"}).encode() for n in range(100)]
    (documents(ml_root) / "0.jsonl").write_bytes(b"\n".join(lines))
    write_shard(documents(ml_root) / f"1{suffix}", [json.loads(line) for line in lines])
    done = run_command("serving", "process", ml_root)
    assert done.returncode == 0, done.stderr
    found = outputs(ml_root)
    assert found[f"1{suffix}.out"] == found["0.jsonl.out"]
    assert found["0.jsonl.out"].count(b"\n") == 100
    again = run_command("serving", "process", ml_root)
    assert [each["event"] for each in log_events(again.stdout)[:2]] == ["shard_skipped"] * 2


def test_a_broken_shard_fails_the_job_when_the_others_are_done(ml_root: Path) -> None:
    (documents(ml_root) / "0.jsonl.gz").write_bytes(gzip.compress(b"\n" * 99)[:-4])
    (documents(ml_root) / "1.jsonl").write_text('{"id": "1", "text": "t"}\n')
    done = run_command("serving", "process", ml_root)
    assert done.returncode == 1
    assert list(outputs(ml_root)) == ["1.jsonl.out"]
    reason = (ml_root / "output/failure").read_text()
    assert reason.startswith("ShardError: 0.jsonl.gz: the gzip is corrupt")


@pytest.mark.parametrize(("suffix", "most"), [(".jsonl.gz", 1_000_000), (".parquet", 200_000)])
def test_memory_does_not_grow_with_the_shard(ml_root: Path, suffix: str, most: int) -> None:
    peaks_kb = []
    for count in (10_000, most):
        shard = documents(ml_root) / f"0{suffix}"
        write_shard(shard, repeat({"id": "some-id", "text": "word " * 50}, count))
        peaks_kb.append(peak_memory_kb("serving", "process", ml_root))
        output = ml_root / f"processing/output/{shard.name}.out"
        with output.open("rb") as lines:
            assert sum(1 for _ in lines) == count
        output.unlink()
    assert peaks_kb[1] < peaks_kb[0] + 16 * 1024, "for 50 MB more to read at the least"


def write_shard(path: Path, records: Iterable[dict[str, str]]) -> None:
    """Write a gzip, or a Parquet file of one uncompressed row group."""
    if path.suffix == ".gz":
        with gzip.open(path, "wb", compresslevel=1) as lines:
            lines.writelines(json.dumps(record).encode() + b"\n" for record in records)
    else:
        table = pa.Table.from_pylist(list(records))
        pq.write_table(table, path, compression="none", use_dictionary=False)
