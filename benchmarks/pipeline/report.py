"""The figures of a comparison, and what a person reads of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.pipeline.engine_alone import EngineRun
from benchmarks.pipeline.timeline import Timeline

GOAL_DOCUMENTS_PER_H = 1_000_000
GOAL_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """One batch, from its submission to both stores.

    Attributes:
        processor_s: processor seconds by component of the stack.
    """

    documents: int
    lane: str
    timeline: Timeline
    processor_s: dict[str, float]

    @property
    def documents_per_s(self) -> float:
        """Documents over the seconds until both stores had every row."""
        return self.documents / self.timeline.elapsed_s


def figures(engine: Sequence[EngineRun], pipeline: Sequence[PipelineRun]) -> dict[str, Any]:
    """Return rates (medians) and goals."""
    alone = statistics.median(run.documents_per_s for run in engine)
    whole = statistics.median(run.documents_per_s for run in pipeline)
    return {
        "what": "documents/s from a batch's submission until both stores have every row, against "
        "the engine's own over the same texts, its start left out",
        "engine_documents_per_s": round(alone, 1),
        "engine_least_and_most": [
            round(pick(run.documents_per_s for run in engine), 1) for pick in (min, max)
        ],
        "pipeline_documents_per_s": round(whole, 1),
        "pipeline_documents_per_h": round(whole * 3600),
        "share_of_engine": round(whole / alone, 4),
        "tokens_per_document": round(
            sum(run.tokens for run in engine) / sum(run.documents for run in engine), 1
        ),
        "goal": {"documents_per_h": GOAL_DOCUMENTS_PER_H, "share_of_engine": GOAL_SHARE},
        "goal_met": whole * 3600 >= GOAL_DOCUMENTS_PER_H and whole / alone >= GOAL_SHARE,
    }


def table(result: dict[str, Any], run: PipelineRun) -> str:
    """Return the figures and one batch's timeline as Markdown."""
    timeline, elapsed_s = run.timeline, run.timeline.elapsed_s
    engine_s = run.documents / result["engine_documents_per_s"]
    in_lane_s = timeline.lane.end_s - timeline.lane.start_s
    lines = [
        f"| {run.documents:,} documents of {result['tokens_per_document']:g} tokens "
        f"({result['texts']}), lane {run.lane} | documents/s | documents/h |",
        "|---|---|---|",
        _rate("engine alone", result["engine_documents_per_s"]),
        _rate("whole pipeline, submission to both stores", result["pipeline_documents_per_s"]),
        "",
        f"{result['share_of_engine']:.1%} of the engine's rate (goal {GOAL_SHARE:.0%}); "
        f"{result['pipeline_documents_per_h']:,} documents an hour "
        f"(goal {GOAL_DOCUMENTS_PER_H:,}).",
        "",
        "| Where a batch's time went | s | share |",
        "|---|---|---|",
        _part("before the lane: pull, validate, route", timeline.before_s, elapsed_s),
        _part("in the lane: what the engine alone would take", engine_s, elapsed_s),
        _part("in the lane: more than that", in_lane_s - engine_s, elapsed_s),
        _part("behind the lane: the last rows", timeline.behind_s, elapsed_s),
        "",
        "| Task | from s | to s |",
        "|---|---|---|",
        *(f"| {task.name} | {task.start_s:.1f} | {task.end_s:.1f} |" for task in timeline.tasks),
        f"| the lane's own work | {timeline.lane.start_s:.1f} | {timeline.lane.end_s:.1f} |",
        "",
        "| Component | processor s |",
        "|---|---|",
        *(f"| {name} | {spent:.1f} |" for name, spent in _by_size(run.processor_s)),
    ]
    return "\n".join(lines) + "\n"


def _rate(name: str, documents_per_s: float) -> str:
    return f"| {name} | {documents_per_s:,.0f} | {documents_per_s * 3600:,.0f} |"


def _part(name: str, seconds: float, elapsed_s: float) -> str:
    return f"| {name} | {seconds:.1f} | {seconds / elapsed_s:.1%} |"


def _by_size(spent: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(spent.items(), key=lambda each: -each[1])
