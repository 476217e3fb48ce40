"""Parquet at the front door: files made to fill the memory, and what is held of honest ones."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.adapters.document_files import DocumentFileReader, parquet_rows
from include.adapters.document_files.parquet_pages import PageError, largest_page_bytes
from include.domain.batches.documents import QuarantineReason
from include.domain.errors import UnreadableBatch
from tests.support.reading_memory import peak_bytes

URI = "s3://inbox/x.parquet"
MIB = 2**20


def repeated(path: Path, text: str, rows: int) -> Path:
    """Write a file that holds one text, and says that it comes again and again."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [text])
    ids = pa.array(range(rows), pa.int64())
    pq.write_table(pa.table({"id": ids, "text": column}), path, compression="zstd")
    return path


def test_a_page_that_expands_too_far_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repeated(tmp_path / "x.parquet", "t" * 4 * MIB, 10)
    assert path.stat().st_size < MIB / 4
    assert sum(1 for _ in DocumentFileReader().read(path, uri=URI)) == 10
    monkeypatch.setattr(parquet_rows, "MAX_PAGE_BYTES", 4 * MIB)
    with pytest.raises(UnreadableBatch, match=rf"{URI}: a page .* expands to 4,194,3\d\d bytes"):
        list(parquet_rows.parquet_rows(path, uri=URI, max_text_bytes=MIB, max_expanded_bytes=MIB))


def test_a_text_that_is_said_too_often_is_refused_before_it_is_held(tmp_path: Path) -> None:
    path = repeated(tmp_path / "x.parquet", "t" * 7 * MIB, 20_000)  # 140 GB
    before = peak_bytes(path, rows=1)
    assert peak_bytes(path, rows=200) < before + 256 * MIB, "of 1.4 GB"
    bounded = DocumentFileReader(max_expanded_bytes=30 * MIB)
    with pytest.raises(UnreadableBatch, match=rf"{URI}: the Parquet file expands to more"):
        list(bounded.read(path, uri=URI))


def test_a_text_past_the_line_bound_is_set_aside_each_time(tmp_path: Path) -> None:
    path = repeated(tmp_path / "x.parquet", "t" * 2000, 40)
    rows = list(DocumentFileReader(max_line_bytes=1000).read(path, uri=URI))
    assert [row.fault for row in rows] == [QuarantineReason.TOO_LONG] * 40


@pytest.mark.parametrize("is_dictionary", [False, True])
def test_memory_does_not_grow_with_the_row_group(tmp_path: Path, is_dictionary: bool) -> None:
    peaks = []
    for rows in (1_000, 200_000):
        texts = pa.array([f"{number:0300}" for number in range(rows)])
        column = texts.dictionary_encode() if is_dictionary else texts
        pq.write_table(
            pa.table({"id": texts, "text": column}),
            tmp_path / "x.parquet",
            use_dictionary=False,
            compression="none",
            row_group_size=rows,
        )
        peaks.append(peak_bytes(tmp_path / "x.parquet", rows))
    assert peaks[1] < peaks[0] + 32 * MIB, "of 120 MB"


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("is_checksummed", [False, True])
def test_the_largest_page_is_found_by_headers_of_any_writer(
    version: str, is_checksummed: bool
) -> None:
    sink = io.BytesIO()
    pq.write_table(
        pa.table({"text": [f"{n}" * 50 for n in range(5_000)]}),
        sink,
        data_page_version=version,
        write_page_checksum=is_checksummed,
        data_page_size=20_000,
        write_batch_size=10,
        use_dictionary=False,
        compression="gzip",
    )
    chunk = pq.read_metadata(sink).row_group(0).column(0)
    found = largest_page_bytes(sink, [(chunk.data_page_offset, chunk.total_compressed_size)])
    assert 20_000 <= found < 25_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00", "without its sizes"),
        (b"\x15\x00\x15\x02\x15\x03\x00", "negative"),
        (b"\x15\x00\x15", "cut short"),
        (b"\x15" + b"\xff" * 20, "endless"),
        (b"\x1c" * 20, "too deeply"),
        (b"\x19\x00", "kind 9"),
    ],
)
def test_what_is_no_page_header_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(PageError, match=words):
        largest_page_bytes(io.BytesIO(content), [(0, len(content))])
