"""What GPUs did, as a Plotly figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from include.pipeline.page.figures import GpuPeriod

GPU_COLOURS = {
    "async_endpoint": "--async_endpoint",
    "transform_job": "--transform",
    "training_job": "--spot",
    "processing_job": "--processing",
    "endpoint": "--serverless",
}
"""By kind of resource, as the lane has it that uses it: spot is a training job."""


def gpu_utilisation(periods: Sequence[GpuPeriod]) -> dict[str, Any]:
    """Return a line a kind of resource; a time without the metric or without a look is a gap."""
    traces = []
    for kind in sorted({each.resource_kind for each in periods}):
        colour = GPU_COLOURS.get(kind, "--other")
        points = list(_with_gaps([each for each in periods if each.resource_kind == kind]))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": kind.replace("_", " "),
                "x": [at.isoformat() for at, _ in points],
                "y": [utilisation for _, utilisation in points],
                "connectgaps": False,
                "line": {"color": colour, "width": 2},
                "marker": {"color": colour, "size": 5},
                "hovertemplate": "%{x|%d %b %H:%M}: %{y:.0%}",
            }
        )
    most = max((each.utilisation or 0.0 for each in periods), default=0.0)
    layout = {
        "xaxis": {"type": "date", "range": _span(periods)},
        "yaxis": {
            "tickformat": ".0%",
            "range": [0, min(1.02, max(0.1, 1.2 * most))],
            "title": {"text": "of a GPU's time"},
        },
        "showlegend": True,
    }
    return {"data": traces, "layout": layout}


def _span(periods: Sequence[GpuPeriod]) -> list[str] | None:
    """The periods and half of one before, for Plotly's own axis of one point has no width."""
    if not periods:
        return None
    first = min(each.starts_at - each.length / 2 for each in periods)
    return [first.isoformat(), max(each.starts_at + each.length for each in periods).isoformat()]


def _with_gaps(periods: Sequence[GpuPeriod]) -> Iterator[tuple[datetime, float | None]]:
    """Yield start and utilisation of each; nothing is known between two that do not touch."""
    ended_at: datetime | None = None
    for each in periods:
        if ended_at is not None and each.starts_at > ended_at:
            yield ended_at, None
        yield each.starts_at, each.utilisation
        ended_at = each.starts_at + each.length
