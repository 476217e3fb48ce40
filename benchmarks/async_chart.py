"""A chart of an endpoint's way from zero to n and back, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 760, 130, 90, 30, 34
_INK, _QUIET = "#334155", "#94a3b8"


def chart(result: dict[str, Any]) -> str:
    """Return the chart of a result of `benchmarks.async_scaling`: backlog above instances."""
    periods = [period for period in result["periods"] if period["backlog"] is not None]
    minute_s = result["minute_s"]
    end_s = periods[-1]["at_s"] + minute_s

    def x(at_s: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 20) * at_s / end_s

    times = [x(period["at_s"]) for period in periods] + [x(end_s)]
    panels = [
        _panel(0, "requests waiting", times, [p["backlog"] for p in periods], "#f59e0b"),
        _panel(1, "instances", times, [p["instances"] for p in periods], "#2563eb"),
    ]
    bottom = _TOP + 2 * (_HEIGHT + _GAP)
    ticks = "".join(
        _text(x(at_s), bottom - 14, f"{at_s / minute_s:.0f}", "middle")
        for at_s in range(0, end_s, minute_s * 5)
    )
    caption = f"minutes of the alarms; each took {minute_s} s, on emulated services"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 16}" '
        f'font-family="sans-serif" font-size="12" role="img" '
        f'aria-label="Requests waiting and instances over time">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n'
        f"{''.join(panels)}{ticks}{_text(_WIDTH / 2, bottom + 6, caption, 'middle')}</svg>\n"
    )


def _panel(
    row: int, title: str, times: Sequence[float], values: Sequence[float], color: str
) -> str:
    base = _TOP + row * (_HEIGHT + _GAP) + _HEIGHT
    top = max(*values, 1)

    def y(value: float) -> float:
        return base - _HEIGHT * value / top

    axis = _axis(base, y, top)
    return (
        _text(_LEFT, base - _HEIGHT - 10, title, "start") + axis + _steps(times, values, y, color)
    )


def _axis(base: float, y: Callable[[float], float], top: float) -> str:
    labels = "".join(_text(_LEFT - 8, y(v) + 4, f"{v:.0f}", "end") for v in (0, top))
    line = f'<line x1="{_LEFT}" y1="{base}" x2="{_WIDTH - 20}" y2="{base}" stroke="{_QUIET}"/>'
    return f"{labels}{line}\n"


def _steps(
    times: Sequence[float], values: Sequence[float], y: Callable[[float], float], color: str
) -> str:
    corners = [
        f"{at:.1f},{y(value):.1f}"
        for number, value in enumerate(values)
        for at in (times[number], times[number + 1])
    ]
    area = f"{times[0]:.1f},{y(0):.1f} {' '.join(corners)} {times[-1]:.1f},{y(0):.1f}"
    return (
        f'<polygon points="{area}" fill="{color}" fill-opacity="0.15"/>'
        f'<polyline points="{" ".join(corners)}" fill="none" stroke="{color}" stroke-width="2"/>\n'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}">{text}</text>'
