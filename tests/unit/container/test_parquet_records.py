"""Parquet shards: their columns, their types, and what of them is in memory."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.models.serving.records import Fault, FaultCode, Record
from include.models.serving.shard_error import ShardError
from include.models.serving.shard_files import read_shard


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
