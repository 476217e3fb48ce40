"""`python -m include.cli.catalog`: the catalogue held against its data."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.cli.catalog import main
from include.domain.errors import ReleaseFailed
from include.pipeline.release.labelled_files import Labelled, read_labelled
from tests.unit.release.test_catalog import TOPIC


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalog.toml").write_text(TOPIC)
    return tmp_path


def check(folder: Path) -> int:
    return main(["--catalog", str(folder / "catalog.toml"), "--root", str(folder)])


def test_ours_and_its_data_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "390 documents: high 130, low 130, normal 130" in out
    small, _, large = [line for line in out.splitlines() if " tokens: " in line][:3]
    assert small.startswith("  1,000 documents of 54 tokens: serverless $0.00")
    assert large.startswith("  1,000,000 documents of 54 tokens: spot $0.0")
    assert "serverless" not in large, "it takes no batch of that size"


def test_labels_that_differ_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.jsonl").write_text('{"id": "1", "text": "t", "label": "c"}\n')
    assert check(folder) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: topic: label 'a' has no document",
        "error: topic: label 'b' has no document",
        "error: topic: label 'c' is in the data alone",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "a.jsonl:1: not JSON"),
        ("[" * 100_000, "a.jsonl:1: not JSON"),
        (
            '{"id": "1", "text": "half \\ud800", "label": "a"}',
            "a.jsonl:1: text is not valid Unicode",
        ),
        ('{"id": "1", "text": "t", "label": "a", "title": ["x"]}', "a.jsonl:1: title is no text"),
        ("[]", "a.jsonl:1: not a labelled document"),
        ('{"id": "1", "text": " ", "label": "a"}', "a.jsonl:1: text is missing"),
        ('{"id": "1", "text": "t"}', "a.jsonl:1: label is missing"),
    ],
)
def test_a_row_at_fault_is_named(
    folder: Path, line: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.jsonl").write_text(line + "\n")
    assert check(folder) == 1
    assert problem in capsys.readouterr().err


def test_a_file_that_is_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(folder) == 1
    assert "a.jsonl: cannot be read" in capsys.readouterr().err


def test_csv_as_a_spreadsheet_saves_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b'\xef\xbb\xbfid,label,text,title\r\n1,a,"one, two",Head\r\n2,b,three,\r\n')
    assert list(read_labelled(path)) == [
        Labelled("1", "Head. one, two", "a"),
        Labelled("2", "three", "b"),
    ]


def test_csv_without_a_needed_column(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,text\n1,one\n")
    with pytest.raises(ReleaseFailed, match="no column label"):
        list(read_labelled(path))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("1,good, bad,a", "mine.csv:2: more fields than the header has"),
        ('1,"good\n\nor bad",a\n2,"never ends,b', "mine.csv:5: unexpected end of data"),
        ('1,"good\n\nor bad",a\n2,good', "mine.csv:5: label is missing"),
    ],
)
def test_a_row_of_csv_at_fault_is_named_by_where_it_begins(
    tmp_path: Path, content: str, problem: str
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,text,label\n" + content)
    with pytest.raises(ReleaseFailed, match=problem):
        list(read_labelled(path))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"id;text;label\n1;one;a\n", "its first line has: id;text;label"),
        (b"id,text,text,label\n1,one,two,a\n", "column text stands twice"),
        ("id,text,label\n1,one,a\n".encode("utf-16"), "save it as UTF-8"),
    ],
)
def test_a_table_that_is_no_such_csv_is_told_with_a_remedy(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(ReleaseFailed, match=problem):
        list(read_labelled(path))
