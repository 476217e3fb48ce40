"""What `make bench-pipeline` makes of its measurements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.pipeline.engine_alone import EngineRun
from benchmarks.pipeline.report import PipelineRun, figures, table
from benchmarks.pipeline.texts import write_batch
from benchmarks.pipeline.timeline import Span, Timeline


def _read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_source_is_taken_again_under_new_ids(tmp_path: Path) -> None:
    source = tmp_path / "texts.jsonl"
    source.write_text('{"id": "x", "text": "one", "label": "L"}\n{"id": "x", "text": "two"}\n')

    write_batch(tmp_path / "batch", 5, source, seed=7)

    rows = _read(tmp_path / "batch")
    assert [row["text"] for row in rows] == ["one", "two", "one", "two", "one"]
    assert len({row["id"] for row in rows}) == 5
    assert all(row.keys() == {"id", "text"} for row in rows)


def test_a_source_without_documents_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("")
    with pytest.raises(ValueError, match="no document"):
        write_batch(tmp_path / "batch", 5, tmp_path / "none", seed=7)


def test_without_a_source_documents_are_distinct(tmp_path: Path) -> None:
    write_batch(tmp_path / "batch", 40, None, seed=7)
    assert len({row["text"] for row in _read(tmp_path / "batch")}) == 40


def _pipeline(documents: int, elapsed_s: float) -> PipelineRun:
    lane = Span("lane", 4.0, elapsed_s - 5.0)
    tasks = (Span("pull", 0.5, 2.0), Span("transform", 3.0, elapsed_s - 4.0))
    return PipelineRun(documents, "transform", Timeline(elapsed_s, lane, tasks), {"aws": 3.0})


def test_rates_are_medians_and_goals_are_held_against_them() -> None:
    engine = [EngineRun(1000, 50_000, seconds, 1.0) for seconds in (2.0, 2.5, 4.0)]
    good = figures(engine, [_pipeline(36_000, 100.0)])

    assert good["engine_documents_per_s"] == 400
    assert good["share_of_engine"] == 0.9
    assert good["pipeline_documents_per_h"] == 1_296_000
    assert good["goal_met"]
    assert not figures(engine, [_pipeline(33_000, 100.0)])["goal_met"]  # 82.5 %
    slow = [EngineRun(1000, 50_000, 5.0, 1.0)]
    assert not figures(slow, [_pipeline(20_000, 100.0)])["goal_met"]  # 720,000 an hour


def test_the_table_accounts_for_the_whole_time() -> None:
    run = _pipeline(36_000, 100.0)
    result = figures([EngineRun(1000, 50_000, 2.5, 1.0)], [run]) | {"texts": "news.jsonl"}

    text = table(result, run)

    rows = (line.split("|") for line in text.splitlines() if "the lane:" in line)
    assert [float(row[2]) for row in rows] == [4.0, 90.0, 1.0, 5.0]
    assert "| pull | 0.5 | 2.0 |" in text
    assert "90.0% of the engine's rate (goal 85%)" in text
