"""Shards of any format come out complete and in order, whatever is in them and how they are cut."""

from __future__ import annotations

import gzip
import json
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.models.serving.artifact import Artifact
from include.models.serving.batching import BatchPolicy
from include.models.serving.engine import Engine
from include.models.serving.metering import Meter
from include.models.serving.process import ShardFolders, process_shards
from include.models.serving.records import Fault, FaultCode, Record
from include.models.serving.shard_files import ShardError, count_records, read_shard

LABELS = ("a", "b", "c")
ARTIFACT = Artifact("news-topic", "3", "test", LABELS, 48, 300)
SOUND = b'{"id": "a", "text": "first"}\n'


class SumBackend:
    """Tokens are characters; label and score are made of every one of them."""

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        if any("\x00" in text for text in texts):
            raise ValueError("NUL in text")
        return [array("q", map(ord, text[: ARTIFACT.max_tokens])) for text in texts]

    def infer(
        self, worker: int, tokens: Sequence[array[int]], length: int
    ) -> list[tuple[int, float]]:
        if any(ord("!") in found for found in tokens):
            raise RuntimeError("model broke")
        return [(sum(found) % len(LABELS), 0.5 + sum(found) % 997 / 2000) for found in tokens]


def expected_answer(id_: str, text: str) -> dict[str, object]:
    seen = text[: ARTIFACT.max_characters][: ARTIFACT.max_tokens]
    if "\x00" in text[: ARTIFACT.max_characters]:
        return {"id": id_, "error": FaultCode.TOKENIZER_FAILED}
    if "!" in seen:
        return {"id": id_, "error": FaultCode.MODEL_FAILED}
    total = sum(map(ord, seen))
    return {"id": id_, "label": LABELS[total % 3], "score": round(0.5 + total % 997 / 2000, 6)}


@dataclass(frozen=True)
class Row:
    """A record as each format holds it, and the answer it must get; no column: not in Parquet."""

    line: bytes
    columns: tuple[bytes | None, bytes | None] | None
    answer: dict[str, object]


numbers = count()
characters = st.characters(exclude_categories=["Cs"])
contents = st.one_of(
    st.text(characters, min_size=1, max_size=80),
    st.text(st.sampled_from("ab é漢🏆\x00!"), min_size=1, max_size=20),
    st.integers(1, 2000).map(lambda length: "long " * length),
).filter(lambda text: text.strip())


@st.composite
def sound_rows(draw: st.DrawFn) -> Row:
    id_, text = f"{next(numbers)}-é", draw(contents)
    line = json.dumps({"id": id_, "text": text}, ensure_ascii=draw(st.booleans())).encode()
    line += draw(st.sampled_from([b"", b"\r", b"  "]))
    return Row(line, (id_.encode(), text.encode()), expected_answer(id_, text))


def bad(
    line: bytes,
    code: FaultCode,
    id_: str | None = None,
    columns: tuple[bytes | None, bytes | None] | None = None,
) -> Row:
    return Row(line, columns, {"id": id_, "error": code})


bad_rows = st.sampled_from(
    [
        bad(b'{"id": "u", "text": "\xff"}', FaultCode.NOT_UTF8),
        bad('{"id": "u", "text": "t"}'.encode("utf-16-le"), FaultCode.NOT_JSON),
        bad('{"id": "u", "text": "é"}'.encode("latin-1"), FaultCode.NOT_UTF8),
        bad(b'{"id": "u", "text": "\\ud800"}', FaultCode.NOT_UTF8, "u", (b"u", b"\xed\xa0\x80")),
        bad(b'{"id": "u", "text": ', FaultCode.NOT_JSON),
        bad(b"[" * 2000, FaultCode.NOT_JSON),
        bad(b"17", FaultCode.NOT_AN_OBJECT),
        bad(b'{"text": "t"}', FaultCode.MISSING_ID, None, (None, b"t")),
        bad(b'{"id": " ", "text": "t"}', FaultCode.MISSING_ID, None, (b" ", b"t")),
        bad(b'{"id": "u"}', FaultCode.MISSING_TEXT, "u", (b"u", None)),
        bad(b'{"id": "u", "text": "\\t "}', FaultCode.EMPTY_TEXT, "u", (b"u", b"\t ")),
    ]
)
mixtures = st.lists(st.one_of(sound_rows(), bad_rows), max_size=40)


def write_lines(path: Path, rows: Sequence[Row], ending: bytes, blank: bytes) -> None:
    lines = (b"\n" + blank).join(row.line for row in rows)
    content = b"\xef\xbb\xbf" + lines + (ending if rows else b"")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_parquet(path: Path, rows: Sequence[Row], ending: bytes, blank: bytes) -> None:
    columns = [row.columns for row in rows if row.columns]
    ids, texts = ([pair[side] for pair in columns] for side in (0, 1))
    # As strings that were never checked to be UTF-8.
    table = {
        n: pa.array(v, pa.binary()).view(pa.string()) for n, v in (("id", ids), ("text", texts))
    }
    pq.write_table(pa.table(table), path, row_group_size=len(ending) + 6)


WRITERS: dict[str, Callable[[Path, Sequence[Row], bytes, bytes], None]] = {
    ".jsonl": write_lines,
    ".jsonl.gz": write_lines,
    ".parquet": write_parquet,
}


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
        process_shards(engine, where)
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
        ("b.jsonl.gz", gzip.compress(SOUND * 5000)[:-12], "gzip is corrupt"),
        ("b.jsonl.gz", gzip.compress(SOUND)[:12] + b"\xff" * 40, "gzip is corrupt"),
        ("b.jsonl.gz", gzip.compress(SOUND) + b"tail", "gzip is corrupt"),
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


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"id": ["a"]}, "not one column 'text' among 'id'"),
        ({"id": [1], "text": ["t"]}, "'id' has the type int64"),
        ({"id": ["a"], "text": [["t"]]}, "'text' has the type list"),
    ],
)
def test_parquet_without_its_columns_is_refused(
    tmp_path: Path, table: dict[str, object], words: str
) -> None:
    pq.write_table(pa.table(table), tmp_path / "x.parquet")
    with pytest.raises(ShardError, match=r"x\.parquet: ") as caught:
        list(read_shard(tmp_path / "x.parquet"))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "type_",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
)
def test_parquet_text_of_any_arrow_type_is_text(tmp_path: Path, type_: pa.DataType) -> None:
    column = pa.array(["a", "b", "a"]).cast(type_)
    pq.write_table(
        pa.table({"id": column, "text": column, "label": [1, 2, 3]}), tmp_path / "x.parquet"
    )
    assert list(read_shard(tmp_path / "x.parquet")) == [Record(c, c) for c in "aba"]


def test_a_parquet_text_over_the_limit_is_its_own_fault(tmp_path: Path) -> None:
    texts = ["t", "x" * (6 * 2**20 + 1), "t"]
    pq.write_table(pa.table({"id": ["a", "b", "c"], "text": texts}), tmp_path / "x.parquet")
    first, large, last = read_shard(tmp_path / "x.parquet")
    assert (first, last) == (Record("a", "t"), Record("c", "t"))
    assert isinstance(large, Fault)
    assert (large.id, large.code) == ("b", FaultCode.TOO_LARGE)


def test_a_dictionary_column_of_unique_texts_is_not_held_in_memory(tmp_path: Path) -> None:
    texts = pa.array([f"{number:0300}" for number in range(50_000)])
    table = pa.table({"id": texts, "text": texts.dictionary_encode()})
    pq.write_table(table, tmp_path / "x.parquet", use_dictionary=False)
    usual = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(pool)
    try:
        assert sum(1 for _ in read_shard(tmp_path / "x.parquet")) == 50_000
    finally:
        pa.set_memory_pool(usual)
    assert 0 < pool.max_memory() < 8 * 2**20, "of 15 MB"


def test_other_files_are_no_shards(tmp_path: Path) -> None:
    source = folders(tmp_path).source
    for name in ("notes.txt", "a.json", "b.gz", "c.parquet.crc"):
        (source / name).write_bytes(SOUND)
    (source / "deep").mkdir()
    (source / "deep/d.jsonl.gz").write_bytes(gzip.compress(SOUND))
    assert list(processed(tmp_path)) == ["d.jsonl.gz.out"]
    assert (tmp_path / "out/deep/d.jsonl.gz.out").exists()
