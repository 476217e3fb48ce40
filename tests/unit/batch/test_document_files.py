"""Batch files: every row comes out, sound or with its fault; a broken file says so once."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.adapters.document_files import DocumentFileReader
from include.domain.batches.documents import QuarantineReason as Reason
from include.domain.batches.documents import RawDocument
from include.domain.errors import EmptyBatch, UnreadableBatch

MAX_LINE_BYTES = 1000
SOUND = b'{"id": "a", "text": "first"}\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def read(folder: Path, content: bytes, name: str = "batch.jsonl") -> list[RawDocument]:
    path = folder / "source"
    path.write_bytes(content)
    reader = DocumentFileReader(
        max_line_bytes=MAX_LINE_BYTES, max_expanded_bytes=10**6, max_rows=40_000
    )
    return list(reader.read(path, uri=f"s3://inbox/{name}"))


def faults(rows: list[RawDocument]) -> list[Reason | None]:
    assert [row.row for row in rows] == list(range(len(rows)))
    assert all(bool(row.detail) == (row.fault is not None) for row in rows)
    return [row.fault for row in rows]


def parquet(ids: object, texts: object, **more: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": ids, "text": texts, **more}), sink)
    return sink.getvalue()


# JSON Lines


def test_json_lines_in_order(folder: Path) -> None:
    rows = read(folder, SOUND + b'{"id": 7, "text": "", "label": "x"}')
    assert [(row.id, row.text, row.fault) for row in rows] == [
        ("a", "first", None),
        ("7", "", None),
    ]


def test_blank_lines_and_byte_order_mark_are_no_rows(folder: Path) -> None:
    rows = read(folder, b"\xef\xbb\xbf" + SOUND + b"\r\n   \n" + SOUND.replace(b"\n", b"\r\n"))
    assert faults(rows) == [None, None]


@pytest.mark.parametrize(
    ("line", "reason", "words"),
    [
        (b'{"id": "x", "text": "\xff"}', Reason.NOT_UTF8, "byte 0xff at offset 21"),
        (b'{"id": "x", ', Reason.NOT_JSON, "line 2"),
        (b"9" * 5000, Reason.TOO_LONG, "1,000 bytes"),
        (b"[" * 999, Reason.NOT_JSON, "not JSON"),
        (b'["id", "text"]', Reason.NOT_AN_OBJECT, "not an object"),
        (b'{"text": "t"}', Reason.MISSING_ID, "no id"),
        (b'{"id": null, "text": "t"}', Reason.MISSING_ID, "no id"),
        (b'{"id": " ", "text": "t"}', Reason.MISSING_ID, "blank"),
        (b'{"id": true, "text": "t"}', Reason.MISSING_ID, "true or false"),
        (b'{"id": 1.5, "text": "t"}', Reason.MISSING_ID, "a number"),
        (b'{"id": "x"}', Reason.MISSING_TEXT, "no text"),
        (b'{"id": "x", "text": ["t"]}', Reason.MISSING_TEXT, "a list"),
        (b'{"id": "\\u0000", "text": "t"}', Reason.BAD_CHARACTERS, "NUL"),
        (b'{"id": "\\ud800", "text": "t"}', Reason.BAD_CHARACTERS, "surrogate"),
        (b'{"id": "x", "text": "\\udfff"}', Reason.BAD_CHARACTERS, "surrogate"),
        (b'{"id": "x", "text": "' + b"t" * 1000 + b'"}', Reason.TOO_LONG, "line 2"),
    ],
)
def test_a_bad_line_is_its_own_fault(folder: Path, line: bytes, reason: Reason, words: str) -> None:
    rows = read(folder, SOUND + line + b"\n" + SOUND)
    assert faults(rows) == [None, reason, None]
    assert words in rows[1].detail


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_of_just_the_bound_is_read(folder: Path, end: bytes) -> None:
    line = b'{"id": "x", "text": "%s"}'
    fits = line % (b"t" * (MAX_LINE_BYTES - len(line) + 2))
    assert len(fits) == MAX_LINE_BYTES
    assert faults(read(folder, SOUND + fits + end)) == [None, None]
    assert faults(read(folder, SOUND + fits + b" " + end)) == [None, Reason.TOO_LONG]


def test_a_huge_line_is_not_held_in_memory(folder: Path) -> None:
    path = folder / "huge"
    with path.open("wb") as file:
        file.write(SOUND + b'{"id": "x", "text": "')
        for _ in range(64):
            file.write(b"x" * 2**20)
        file.write(b'"}\n' + SOUND)
    tracemalloc.start()
    try:
        rows = list(DocumentFileReader(max_line_bytes=2**20).read(path, uri="s3://b/huge.jsonl"))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert faults(rows) == [None, Reason.TOO_LONG, None]
    assert peak_bytes < 8 * 2**20


# CSV


def test_csv_columns_by_name(folder: Path) -> None:
    rows = read(
        folder,
        b'\xef\xbb\xbfText,label,ID\r\n"a, ""b""\nc",x,1\r\n\r\nplain,y,2',
        "batch.csv",
    )
    assert [(row.id, row.text) for row in rows] == [("1", 'a, "b"\nc'), ("2", "plain")]


@pytest.mark.parametrize(
    ("line", "reason", "words"),
    [
        (b"x,a\xffb", Reason.NOT_UTF8, "line 3"),
        (b",text", Reason.MISSING_ID, "no id"),
        (b"x", Reason.BAD_ROW, "1 fields"),
        (b"x,Hello, world", Reason.BAD_ROW, "3 fields where the header has 2"),
        (b'x,"he said "no" to it"', Reason.BAD_ROW, "not CSV"),
        (b'x,"never closed', Reason.BAD_ROW, "line 3"),
        (b"x," + b"t" * 2000, Reason.TOO_LONG, "1,000 bytes"),
        (b'x,"' + b"t\n" * 600, Reason.TOO_LONG, "1,000 bytes"),
    ],
)
def test_a_bad_csv_record_costs_its_own_lines(
    folder: Path, line: bytes, reason: Reason, words: str
) -> None:
    rows = read(folder, b'id,text\n1,a\n%s\n2,b\n3,"c"\n4,d' % line, "batch.csv")
    assert (rows[1].fault, rows[1].id) == (reason, None)
    assert words in rows[1].detail
    assert [row.id for row in rows if row.fault is None] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"identifier,text\n1,a\n", "no column 'id'; it has 'identifier', 'text'"),
        (b"id;text\n1;a\n", "no column 'id'; it has 'id;text'"),
        (b"id,text,id\n1,a,2\n", "more than one column 'id'"),
        (b'id,"text\n', "header cannot be read"),
        (b"id,text\n" + b'x,"a\n' * 20_001, "quotes do not pair up"),
    ],
)
def test_a_hopeless_csv_is_refused(folder: Path, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableBatch, match=r"s3://inbox/batch\.csv") as caught:
        read(folder, content, "batch.csv")
    assert words in str(caught.value)


# Parquet


def test_parquet_rows_and_their_faults(folder: Path) -> None:
    bad_text = pa.array([b"a", b"\xff", None, b"t" * 1001, b""], pa.binary()).view(pa.string())
    rows = read(folder, parquet(pa.array([1, 2, 3, 4, None]), bad_text, label=[0] * 5), "x.parquet")
    assert faults(rows) == [
        None,
        Reason.NOT_UTF8,
        Reason.MISSING_TEXT,
        Reason.TOO_LONG,
        Reason.MISSING_ID,
    ]
    assert (rows[0].id, rows[0].text) == ("1", "a")


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.string_view(), pa.binary()])
def test_parquet_string_types(folder: Path, type_: pa.DataType) -> None:
    rows = read(folder, parquet(pa.array(["a"], type_), pa.array(["b"], type_)), "x.parquet")
    assert [(row.id, row.text) for row in rows] == [("a", "b")]


def test_parquet_dictionary_columns(folder: Path) -> None:
    column = pa.array(["a", None, "a"]).dictionary_encode()
    rows = read(folder, parquet(pa.array(["1", "2", "3"]), column), "x.pq")
    assert faults(rows) == [None, Reason.MISSING_TEXT, None]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (parquet([1], ["a"])[:-20], "not a readable Parquet file"),
        (b"PAR1", "not a readable Parquet file"),
        (b"id,text\n1,a\n", "not Parquet"),
        (parquet([1.5], ["a"]), "'id' has the type double"),
        (parquet([1], [["a"]]), "'text' has the type list"),
        (parquet([1], ["a"]).replace(b"text", b"body"), "no column 'text'; it has 'id', 'body'"),
    ],
)
def test_a_hopeless_parquet_is_refused(folder: Path, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableBatch, match=r"s3://inbox/x\.parquet") as caught:
        read(folder, content, "x.parquet")
    assert words in str(caught.value)


# Formats


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.jsonl", b'{"id": "1", "text": "t"}\n'),
        ("b.ndjson", b'{"id": "1", "text": "t"}\n'),
        ("B.JSON", b'{"id": "1", "text": "t"}'),
        ("b.csv", b"id,text\n1,t\n"),
        ("b.parquet", parquet(["1"], ["t"])),
        ("no-extension", parquet(["1"], ["t"])),
    ],
)
def test_each_format_gzip_or_not(folder: Path, name: str, content: bytes, suffix: str) -> None:
    rows = read(folder, gzip.compress(content, mtime=0) if suffix else content, name + suffix)
    assert rows == [RawDocument(row=0, id="1", text="t")]


def test_gzip_is_known_without_its_extension(folder: Path) -> None:
    assert faults(read(folder, gzip.compress(SOUND, mtime=0))) == [None]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.jsonl", b""),
        ("b.jsonl", b"\n  \r\n\n"),
        ("b.jsonl", b"\xef\xbb\xbf"),
        ("b.csv", b""),
        ("b.csv", b"\n\n"),
        ("b.csv", b"id,text\n"),
        ("b.parquet", b""),
        ("b.parquet", parquet(pa.array([], pa.string()), pa.array([], pa.string()))),
        ("b.jsonl.gz", gzip.compress(b"", mtime=0)),
        ("b.parquet.gz", gzip.compress(b"", mtime=0)),
    ],
)
def test_a_file_without_rows_is_empty(folder: Path, name: str, content: bytes) -> None:
    with pytest.raises(EmptyBatch, match=f"s3://inbox/{name}"):
        read(folder, content, name)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("b.jsonl.gz", gzip.compress(SOUND * 99, mtime=0)[:-12], "gzip is corrupt"),
        ("b.jsonl.gz", gzip.compress(SOUND, mtime=0)[:10] + b"\xff" * 20, "gzip is corrupt"),
        ("b.jsonl.gz", gzip.compress(SOUND, mtime=0) + b"tail", "gzip is corrupt"),
        ("b.parquet.gz", gzip.compress(parquet(["1"], ["t"]), mtime=0)[:-12], "gzip is corrupt"),
        ("b.jsonl.gz", SOUND, "not gzip"),
        ("b.jsonl.gz", gzip.compress(SOUND * 40_000, mtime=0), "expands to more"),
        ("b.jsonl.gz", gzip.compress(b"x\n" * 40_001, mtime=0), "more than 40,000 rows"),
        ("b.xlsx", b"PK\x03\x04", "no known format"),
    ],
)
def test_a_file_broken_as_a_whole_is_refused(
    folder: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(UnreadableBatch, match=f"s3://inbox/{name}") as caught:
        read(folder, content, name)
    assert words in str(caught.value)


# Whatever the bytes


LINE = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([SOUND.strip(), b"1,a", b'2,"b', b'3,"c ""d"""', b'"', b"\r", b"x" * 1200]),
    st.builds(
        lambda id_, text: json.dumps({"id": id_, "text": text}).encode(),
        st.one_of(st.text(max_size=5), st.integers(), st.none()),
        st.one_of(st.text(max_size=20), st.none()),
    ),
).map(lambda line: line.replace(b"\n", b" "))


@settings(deadline=None, max_examples=150)
@given(lines=st.lists(LINE, max_size=12))
def test_any_json_lines_give_a_row_each(folder: Path, lines: list[bytes]) -> None:
    content = b"\n".join(lines)
    if content.startswith((b"\x1f\x8b", b"PAR1")):
        return
    expected = sum(1 for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip())
    try:
        rows = read(folder, content)
    except EmptyBatch:
        rows = []
    assert len(faults(rows)) == expected
    for row in rows:
        assert row.fault is not None or (row.id is not None and row.text is not None)
        f"{row.id}{row.text}{row.detail}".encode()


@settings(deadline=None, max_examples=150)
@given(lines=st.lists(LINE, max_size=12))
@example(lines=[b'2,"b', b'"', b'2,"b'])
@example(lines=[b'"', b'"'])
def test_any_csv_loses_no_line(folder: Path, lines: list[bytes]) -> None:
    try:
        rows = read(folder, b"id,text\n" + b"\n".join(lines), "batch.csv")
    except EmptyBatch:
        rows = []
    if not set(faults(rows)) <= {None, Reason.BAD_ROW, Reason.TOO_LONG}:
        return  # a quoted field of a row with another fault may span lines that we cannot count
    nonblank = [line for line in lines if line.strip()]
    # A quoted field may span lines: each line is a row of its own or part of a document.
    joined = sum(f"{row.id}{row.text}".count("\n") for row in rows)
    assert len(rows) + joined >= len(nonblank)


@settings(deadline=None, max_examples=100)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda body: b"PAR1" + body + b"PAR1"),
        st.binary(max_size=200).map(lambda body: b"\x1f\x8b\x08\x00" + body),
        st.binary(max_size=200).map(gzip.compress),
    ),
    name=st.sampled_from(["b.jsonl", "b.csv", "b.parquet", "b", "b.csv.gz", "b.parquet.gz"]),
)
def test_any_bytes_read_or_are_refused_by_name(folder: Path, content: bytes, name: str) -> None:
    message = ""
    rows = []
    try:
        rows = read(folder, content, name)
    except (EmptyBatch, UnreadableBatch) as refusal:
        message = str(refusal)
    assert faults(rows) or f"s3://inbox/{name}" in message


PARQUET_FILE = parquet([f"id-{i}" for i in range(50)], [f"text {i}" for i in range(50)])


@settings(deadline=None, max_examples=20)
@given(position=st.integers(0, len(PARQUET_FILE) - 1), value=st.integers(0, 255))
def test_a_damaged_parquet_never_breaks_out(folder: Path, position: int, value: int) -> None:
    damaged = bytearray(PARQUET_FILE)
    damaged[position] = value
    message = ""
    rows = []
    try:
        rows = read(folder, bytes(damaged), "b.parquet")
    except (EmptyBatch, UnreadableBatch) as refusal:
        message = str(refusal)
    assert faults(rows) or "s3://inbox/b.parquet" in message
