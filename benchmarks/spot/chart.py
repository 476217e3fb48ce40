"""The gaps as a picture: one group of bars for each trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN = {
    "greedy": ("Greedy", "#b8b8b8"),
    "uniform_progress": ("Uniform Progress", "#e0a458"),
    "uniform_progress_plain": ("Uniform Progress (plain)", "#f2d3a0"),
    "ours": ("ours", "#3a6ea5"),
}
BAR, SPACE, HEIGHT, LEFT, TOP = 22, 30, 220, 60, 50


def bars(by_trace: Mapping[str, Any]) -> str:
    """An SVG of mean gaps to the optimum, in per cent of on demand's cost."""
    most = max(part["gap"][policy] for part in by_trace.values() for policy in SHOWN) or 1.0
    group = BAR * len(SHOWN) + SPACE
    width = LEFT + group * len(by_trace) + SPACE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{TOP + HEIGHT + 60}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{TOP + HEIGHT + 60}" fill="white"/>',
        f'<text x="{LEFT}" y="16" font-size="13">Cost above the offline optimum, '
        "per cent of on demand's cost (mean over the grid)</text>",
    ]
    for index, (label, colour) in enumerate(SHOWN.values()):
        key = LEFT + index * 160
        parts.append(f'<rect x="{key}" y="26" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{key + 14}" y="35">{label}</text>')
    for place, (trace, part) in enumerate(by_trace.items()):
        x = LEFT + place * group + SPACE / 2
        for index, (policy, (_, colour)) in enumerate(SHOWN.items()):
            gap = part["gap"][policy]
            height = HEIGHT * gap / most
            left, top = x + index * BAR, TOP + HEIGHT - height
            parts.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{BAR - 3}" height="{height:.1f}" '
                f'fill="{colour}"/><text x="{left:.1f}" y="{top - 3:.1f}" font-size="9">'
                f"{100 * gap:.1f}</text>"
            )
        day, _, zone = trace.partition("__")
        parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}">{zone}</text>')
        parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 30}">{day}</text>')
    return "\n".join([*parts, "</svg>\n"])
