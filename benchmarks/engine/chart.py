"""The results as a picture: one panel of bars a case, with the computed limit as a line. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

BAR, GAP, NAMES, WIDE, RIGHT, HEAD, FOOT = 18, 6, 230, 430, 70, 44, 22
OURS_COLOUR, PEER_COLOUR, LIMIT_COLOUR = "#3a6ea5", "#b8b8b8", "#c0504d"


def bars(results: Sequence[Mapping[str, Any]]) -> str:
    """An SVG of documents a second, the range over the rounds as a thin line."""
    width = NAMES + WIDE + RIGHT
    parts: list[str] = []
    top = 0.0
    for result in results:
        panel, top = _panel(result, top)
        parts += panel
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top:.0f}" '
        f'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{top:.0f}" fill="white"/>',
    )
    return "\n".join([*opening, *parts, "</svg>\n"])


def _panel(result: Mapping[str, Any], top: float) -> tuple[list[str], float]:
    rows = [row for row in result["contenders"] if not row["failed"]]
    rows.sort(key=lambda row: -row["documents_per_s"]["median"])
    limit = result["limit_documents_per_s"].get("int8")
    highest = max([row["documents_per_s"]["high"] for row in rows] + [limit or 0.0])
    scale = WIDE / highest
    title = f"{result['documents_file']}, {result['max_tokens']} tokens: documents/s"
    parts = [f'<text x="8" y="{top + 18:.0f}" font-size="13">{escape(title)}</text>']
    y = top + HEAD
    for row in rows:
        parts += _bar(row, y, scale)
        y += BAR + GAP
    if limit is not None:
        x = NAMES + limit * scale
        parts.append(
            f'<path d="M{x:.1f} {top + HEAD - 6:.1f} V{y:.1f}" stroke="{LIMIT_COLOUR}" '
            f'stroke-dasharray="4 3"/><text x="{x:.1f}" y="{top + HEAD - 10:.1f}" '
            f'text-anchor="end" fill="{LIMIT_COLOUR}">int8 limit {limit:,.0f}</text>'
        )
    return parts, y + FOOT


def _bar(row: Mapping[str, Any], y: float, scale: float) -> list[str]:
    rate = row["documents_per_s"]
    colour = OURS_COLOUR if row["is_ours"] else PEER_COLOUR
    length, middle = rate["median"] * scale, y + BAR / 2
    low, high = NAMES + rate["low"] * scale, NAMES + rate["high"] * scale
    return [
        f'<text x="{NAMES - 8}" y="{middle + 4:.1f}" text-anchor="end">'
        f"{escape(row['title'])}</text>",
        f'<rect x="{NAMES}" y="{y:.1f}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<path d="M{low:.1f} {middle:.1f} H{high:.1f}" stroke="black"/>',
        f'<text x="{max(high, NAMES + length) + 5:.1f}" y="{middle + 4:.1f}">'
        f"{rate['median']:,.{0 if rate['median'] >= 100 else 1}f}</text>",
    ]
