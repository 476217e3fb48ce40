"""What a calibration found, for people."""

from __future__ import annotations

from collections.abc import Sequence

from include.domain.curves.calibration import Tried, largest
from include.pipeline.calibration.records import LaneCalibration


def calibration_report(found: Sequence[LaneCalibration]) -> str:
    """Return a Markdown table of every probe, and a line a lane on how it ended."""
    lines = [
        "| Lane | Documents × tokens | Took s | Expected s | Memory | List $ | Failure |",
        "|---|---|---|---|---|---|---|",
    ]
    for state in found:
        lines += [
            f"| {state.lane.value} | {each.shape.documents:,} × {each.shape.document_tokens:,} "
            f"| {each.latency_s:.1f} | {each.expected_s:.1f} | {_memory(each)} "
            f"| {each.list_cost_usd:.6f} "
            f"| {each.failure} |"
            for each in state.tried
        ]
    return "\n".join([*lines, "", *(_line(state) for state in found)])


def _memory(tried: Tried) -> str:
    return "unknown" if tried.memory_share is None else f"{tried.memory_share:.0%}"


def _line(state: LaneCalibration) -> str:
    lengths = sorted({each.shape.document_tokens for each in state.tried})
    reach = ", ".join(
        f"{largest(state.tried, length):,} documents of {length:,} tokens" for length in lengths
    )
    return (
        f"{state.lane.value} on {state.instance_type}: {len(state.tried)} probe(s), "
        f"${state.spent_usd:.6f} at list price; largest that went well: {reach or 'none'}; "
        f"ended: {state.ended or 'not yet'}"
    )
