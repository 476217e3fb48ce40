"""Parquet is read by a process of its own, whose death is the refusal of the file."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.adapters.document_files import DocumentFileReader
from include.adapters.document_files.parquet_process import PROGRAM
from include.domain.batches.documents import QuarantineReason, RawDocument
from include.domain.errors import BatchRejected, ReadingCutOff, UnreadableBatch

URI = "s3://inbox/x.parquet"
ROWS = 100_000
"""More than a pipe holds: the process that reads is at work until the last of them is taken."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parquet") / "x.parquet"
    ids = pa.array(range(ROWS), pa.int64())
    pq.write_table(pa.table({"id": ids, "text": [f"text {n}" for n in range(ROWS)]}), path)
    return path


def readers() -> list[psutil.Process]:
    """Processes of this one that read Parquet."""
    return [each for each in psutil.Process().children() if PROGRAM in each.cmdline()]


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_file_that_breaks_its_reader_is_refused_by_name(
    path: Path, number: signal.Signals
) -> None:
    rows = DocumentFileReader().read(path, uri=URI)
    next(rows)
    (reader,) = readers()
    reader.send_signal(number)
    with pytest.raises(UnreadableBatch, match=rf"{URI}: not a readable .*{number.name}"):
        list(rows)
    assert readers() == []


def test_a_reader_that_is_killed_from_outside_says_nothing_of_the_file(path: Path) -> None:
    rows = DocumentFileReader().read(path, uri=URI)
    next(rows)
    (reader,) = readers()
    reader.kill()
    with pytest.raises(ReadingCutOff, match=rf"{URI}: .* ended by SIGKILL") as caught:
        list(rows)
    assert not isinstance(caught.value, BatchRejected), "another try may do better"


def test_what_is_not_read_on_ends_the_process(path: Path) -> None:
    bounded = DocumentFileReader(max_rows=10)
    with pytest.raises(UnreadableBatch, match=f"{URI}: the file has more than 10 rows"):
        list(bounded.read(path, uri=URI))
    assert readers() == []
    rows = DocumentFileReader().read(path, uri=URI)
    next(rows)
    assert len(readers()) == 1
    del rows
    assert readers() == []


def test_rows_come_through_as_they_were_read(tmp_path: Path) -> None:
    odd = 'quotes " and\nlines\u2028 \x00 \U0001f600'
    pq.write_table(pa.table({"id": [odd[:3], None], "text": [odd, odd]}), tmp_path / "x.parquet")
    first, second = DocumentFileReader().read(tmp_path / "x.parquet", uri=URI)
    assert first == RawDocument(row=0, id=odd[:3], text=odd)
    assert (second.fault, second.detail) == (QuarantineReason.MISSING_ID, "row 2 has no id")
    assert isinstance(second.fault, QuarantineReason)
