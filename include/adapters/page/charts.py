"""The page's charts as Plotly figures; a colour that begins with `--` is the style sheet's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from include.adapters.page.gpu_chart import gpu_utilisation
from include.adapters.page.words import LANES, named
from include.domain.what_if.answer import Answer
from include.pipeline.page.figures import PageFigures, Spend, Window, Work
from include.pipeline.page.overview import CostCurves

Figure = dict[str, Any]
_ORDER = list(LANES)
BAR_MS = 0.8 * 86_400_000
"""Width of a day's bar on a date axis, which counts milliseconds."""

LEAST_DAYS = 7


def charts(figures: PageFigures, curves: CostCurves) -> dict[str, Figure]:
    """Return the page's charts by name; one without data is left out."""
    found = {
        "spend": spend_by_day(figures.spend, figures.window),
        "batches": cost_by_size(figures, curves),
        "deadlines": deadlines_by_day(figures.work, figures.window),
        "gpus": gpu_utilisation(figures.gpus),
    }
    return {name: figure for name, figure in found.items() if figure["data"]}


def as_json(figure: Figure) -> str:
    """Return a figure for a script element, which no text in it can end."""
    return json.dumps(figure, separators=(",", ":")).replace("<", "\\u003c")


def spend_by_day(spend: Sequence[Spend], window: Window) -> Figure:
    """Return a bar a day, stacked by lane."""
    traces = []
    for lane in sorted({each.lane for each in spend}, key=_place):
        own = [each for each in spend if each.lane == lane]
        traces.append(
            {
                "type": "bar",
                "name": named(LANES, lane),
                "x": [each.day.isoformat() for each in own],
                "y": [each.list_cost_usd for each in own],
                "width": BAR_MS,
                "marker": {"color": _colour(lane)},
                "hovertemplate": "%{x|%d %b}: $%{y:.4~g}",
            }
        )
    layout = {
        "barmode": "stack",
        "xaxis": _dates(window, [each.day for each in spend]),
        "yaxis": {"tickprefix": "$"},
    }
    return {"data": traces, "layout": layout}


def cost_by_size(figures: PageFigures, curves: CostCurves) -> Figure:
    """Return a dot a batch and a line a lane, with a mark where the cheapest lane changes."""
    traces: list[Figure] = []
    for line in sorted(curves.lines, key=lambda each: _place(each.lane.value)):
        lane = line.lane.value
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": named(LANES, lane),
                "legendgroup": lane,
                "x": [documents for documents, _ in line.points],
                "y": [1000 * usd for _, usd in line.points],
                "line": {"color": _colour(lane), "width": 2},
                "hovertemplate": "expected: %{x:,} documents, $%{y:.3~g} a thousand",
            }
        )
    for lane in sorted({each.lane for each in figures.closed}, key=_place):
        own = [each for each in figures.closed if each.lane == lane]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"{named(LANES, lane)}, batches",
                "legendgroup": lane,
                "showlegend": False,
                "x": [each.documents for each in own],
                "y": [1000 * each.per_document_usd for each in own],
                "text": [f"{each.batch_id}, {each.account}" for each in own],
                "marker": {"color": _colour(lane), "size": 7, "opacity": 0.65},
                "hovertemplate": "%{text}<br>%{x:,} documents, $%{y:.3~g} a thousand",
            }
        )
    marks = [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": each.documents,
            "x1": each.documents,
            "y0": 0,
            "y1": 1,
            "line": {"color": "--soft", "width": 1, "dash": "dot"},
        }
        for each in curves.break_evens
    ]
    layout = {
        "xaxis": {
            "type": "log",
            "title": {"text": "documents in the batch"},
            "dtick": 1,
            "tickformat": ",d",
        },
        "yaxis": {
            "type": "log",
            "tickprefix": "$",
            "title": {"text": "list cost of 1,000 documents"},
            "dtick": 1,
            "exponentformat": "none",
        },
        "shapes": marks,
    }
    return {"data": traces, "layout": layout}


def deadlines_by_day(work: Sequence[Work], window: Window) -> Figure:
    """Return a bar a day: in time, late, and still at work."""
    days = sorted({each.day for each in work})
    parts = (
        ("in time", "met", "--good"),
        ("late", "missed", "--bad"),
        ("running", "running", "--soft"),
    )
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": [day.isoformat() for day in days],
            "y": [sum(getattr(each, part) for each in work if each.day == day) for day in days],
            "width": BAR_MS,
            "marker": {"color": colour},
            "hovertemplate": "%{x|%d %b}: %{y:,}",
        }
        for name, part, colour in parts
    ]
    layout = {"barmode": "stack", "xaxis": _dates(window, days), "yaxis": {"tickformat": ",d"}}
    return {"data": traces if days else [], "layout": layout}


def answers_chart(answers: Sequence[Answer]) -> Figure:
    """Return a bar a fleet: cost of a thousand documents; fleets that are late stand out."""
    ordered = sorted(answers, key=lambda each: -each.cost_per_document_usd)
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [1000 * each.cost_per_document_usd for each in ordered],
        "y": [each.scenario for each in ordered],
        "marker": {"color": ["--bad" if each.misses else "--good" for each in ordered]},
        "text": [_told(each) for each in ordered],
        "hovertemplate": "%{y}: $%{x:.3~g} a thousand<br>%{text}<extra></extra>",
        "textposition": "none",
    }
    layout = {
        "xaxis": {
            "tickprefix": "$",
            "title": {"text": "list cost of 1,000 documents, an estimate"},
        },
        "yaxis": {"automargin": True},
        "height": 90 + 34 * len(ordered),
    }
    return {"data": [trace], "layout": layout}


def _dates(window: Window, days: Sequence[date]) -> Figure:
    """Return an axis of the window's days, each in its middle, from the first that has something.

    A week at the least, so that a bar is no wall.
    """
    latest_first = window.last - timedelta(days=min(window.days, LEAST_DAYS) - 1)
    first = max(window.first, min([latest_first, *days]))
    half = timedelta(hours=12)
    ends = datetime.combine(first, time()) - half, datetime.combine(window.last, time()) + half
    return {"type": "date", "tickformat": "%d %b", "range": [each.isoformat() for each in ends]}


def _told(answer: Answer) -> str:
    late = f", {answer.misses:,} of {answer.batches:,} late" if answer.misses else ", none late"
    return f"p50 {answer.p50_s:.3g} s, p99 {answer.p99_s:.3g} s{late}"


def _colour(lane: str) -> str:
    return f"--{lane}" if lane in LANES and lane else "--other"


def _place(lane: str) -> int:
    return _ORDER.index(lane) if lane in _ORDER else len(_ORDER)
