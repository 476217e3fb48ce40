"""Answers as a picture: a bar of cost a thousand documents for each scenario."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from include.domain.what_if.answer import Answer

ROW, LEFT, WIDTH, TOP = 34, 210, 420, 56
IN_TIME, LATE = "#3a6ea5", "#c8553d"


def bars(answers: Sequence[Answer]) -> str:
    """Return an SVG; scenarios that miss a deadline have another colour and say so."""
    most = max(each.cost_per_document_usd for each in answers) or 1.0
    height = TOP + ROW * len(answers) + 16
    width = LEFT + WIDTH + 330
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        '<text x="12" y="22" font-size="15">Cost of a thousand documents, US dollars at list '
        "price</text>",
        '<text x="12" y="40" fill="#555">an estimate; latency from arrival to the last document; '
        f'<tspan fill="{LATE}">deadlines missed</tspan></text>',
    ]
    for index, each in enumerate(answers):
        y = TOP + index * ROW
        length = WIDTH * each.cost_per_document_usd / most
        colour = LATE if each.misses else IN_TIME
        missed = f", {each.misses:,} of {each.batches:,} late" if each.misses else ""
        parts += [
            f'<text x="12" y="{y + 16}">{escape(each.scenario)}</text>',
            f'<rect x="{LEFT}" y="{y + 3}" width="{max(length, 1):.1f}" height="18" '
            f'fill="{colour}"/>',
            f'<text x="{LEFT + length + 6:.1f}" y="{y + 16}">'
            f"${1000 * each.cost_per_document_usd:.3g} · p50 {each.p50_s:,.3g} s · "
            f"p99 {each.p99_s:,.3g} s{missed}</text>",
        ]
    return "\n".join([*parts, "</svg>\n"])
