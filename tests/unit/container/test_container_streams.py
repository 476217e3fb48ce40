"""Shards of any format come out complete and in order, whatever is in them and how they are cut."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.models.serving.batching import BatchPolicy
from include.models.serving.engine import Engine
from include.models.serving.metering import Meter
from include.models.serving.process import (
    ShardEnd,
    ShardFolders,
    ShardLines,
    classify_with,
    process_shards,
)
from include.models.serving.records import Record
from include.models.serving.shard_error import ShardError
from include.models.serving.shard_files import count_records
from tests.support.record_mixtures import ARTIFACT, WRITERS, Row, SumBackend, mixtures

SOUND = b'{"id": "a", "text": "first"}\n'


def folders(root: Path) -> ShardFolders:
    (root / "in").mkdir(exist_ok=True)
    return ShardFolders(root / "in", root / "out", root / "scratch")


def processed(root: Path, window: int = 7, budget: int = 96, workers: int = 2) -> dict[str, bytes]:
    """Process every shard below `root` anew; return the outputs by name."""
    policy = BatchPolicy(ARTIFACT.max_tokens, budget, 4)
    engine = Engine(
        SumBackend(), ARTIFACT, policy, Meter(), workers=workers, window_documents=window
    )
    where = folders(root)
    for path in where.target.rglob("*.out"):
        path.unlink()
    try:
        list(engine.answers([Record("warm", "sound")]))  # a model that has answered, as in a job
        process_shards(classify_with(engine), where)
    finally:
        engine.close()
        assert not any(where.scratch.rglob("*")), "nothing is left half written"
    return {path.name: path.read_bytes() for path in where.target.rglob("*") if path.is_file()}


def comparable(line: bytes) -> dict[str, object]:
    answer = json.loads(line)
    return {**answer, "error": answer["error"]["code"]} if "error" in answer else answer


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("streams")


@settings(deadline=None, max_examples=60)
@given(
    rows=mixtures,
    ending=st.sampled_from([b"", b"\n"]),
    blank=st.sampled_from([b"", b"\n", b" \r\n"]),
    cuts=st.lists(
        st.tuples(st.integers(1, 50), st.integers(1, 400), st.integers(1, 3)),
        min_size=2,
        max_size=2,
    ),
)
def test_any_mixture_comes_out_complete_in_order_and_however_it_is_cut(
    root: Path, rows: list[Row], ending: bytes, blank: bytes, cuts: list[tuple[int, int, int]]
) -> None:
    for suffix, write in WRITERS.items():
        write(folders(root).source / f"0{suffix}", rows, ending, blank)
    first, second = (processed(root, *cut) for cut in cuts)
    for suffix in WRITERS:
        wanted = [row.answer for row in rows if suffix != ".parquet" or row.columns]
        output = first[f"0{suffix}.out"]
        assert [comparable(line) for line in output.splitlines()] == wanted
        assert count_records(root / f"in/0{suffix}") == len(wanted)
    assert first == second


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("b.jsonl.gz", gzip.compress(SOUND * 5000, mtime=0)[:-12], "gzip is corrupt"),
        ("b.jsonl.gz", gzip.compress(SOUND, mtime=0)[:12] + b"\xff" * 40, "gzip is corrupt"),
        ("b.jsonl.gz", gzip.compress(SOUND, mtime=0) + b"tail", "gzip is corrupt"),
        ("b.jsonl.gz", SOUND, "gzip is corrupt"),
        ("b.parquet", b"", "not readable Parquet"),
        ("b.parquet", b"PAR1PAR1", "not readable Parquet"),
        ("b.parquet", SOUND, "not readable Parquet"),
        ("b.parquet", b"PAR1" + b"\xff" * 4 + b"PAR1", "not readable Parquet"),
    ],
)
def test_a_shard_broken_as_a_whole_fails_by_name_and_alone(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    source = folders(tmp_path).source
    (source / name).write_bytes(content)
    (source / "a.jsonl").write_bytes(SOUND)
    (source / "c.jsonl.gz").write_bytes(gzip.compress(SOUND) * 2)
    with pytest.raises(ShardError, match=name) as caught:
        processed(tmp_path)
    assert words in str(caught.value)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.jsonl.out",
        "c.jsonl.gz.out",
    ]
    assert (tmp_path / "out/c.jsonl.gz.out").read_bytes().count(b"\n") == 2, "a gzip of two members"


def test_other_files_are_no_shards(tmp_path: Path) -> None:
    source = folders(tmp_path).source
    for name in ("notes.txt", "a.json", "b.gz", "c.parquet.crc"):
        (source / name).write_bytes(SOUND)
    (source / "deep").mkdir()
    (source / "deep/d.jsonl.gz").write_bytes(gzip.compress(SOUND))
    assert list(processed(tmp_path)) == ["d.jsonl.gz.out"]
    assert (tmp_path / "out/deep/d.jsonl.gz.out").exists()


def test_a_shards_time_is_what_the_model_took_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where, clock = folders(tmp_path), [100.0]
    monkeypatch.setattr("include.models.serving.process.time.monotonic", lambda: clock[0])
    for name in ("1.jsonl", "2.jsonl"):
        (where.source / name).write_bytes(SOUND)

    def classify(shards: Iterator[Path]) -> Iterator[ShardLines | ShardEnd]:
        for seconds, _ in zip((3.0, 4.0), shards, strict=True):
            clock[0] += seconds
            yield ShardLines((b"{}\n",))
            yield ShardEnd()

    process_shards(classify, where)

    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["seconds"] for line in logged] == [3.0, 4.0]
