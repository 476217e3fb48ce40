"""The page rendered: HTML from Jinja templates, charts from Plotly, both served by us."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.adapters.page import words
from include.adapters.page.charts import Figure, answers_chart, as_json, charts
from include.adapters.page.form import GROUPS, LANES, PURCHASES, starting_values
from include.adapters.page.view import view_of
from include.domain.what_if.answer import Answer
from include.pipeline.page.overview import Overview

FOLDER = Path(__file__).parent
CHOICES = (7, 30, 90)
"""Days that may be looked at."""

ASSETS = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "plotly.min.js": "text/javascript; charset=utf-8",
}


def render_page(overview: Overview) -> str:
    """Return the page."""
    return render(
        "page.html.j2",
        charts(overview.figures, overview.curves),
        view=view_of(overview),
        totals=overview.totals,
        curves=overview.curves,
        spot=overview.figures.spot,
        gauges=overview.gauges,
        foreseen=overview.figures.foreseen,
        late_stages=overview.figures.late_stages,
        choices=CHOICES,
        **_form(starting_values() | {"days": str(overview.figures.window.days)}),
    )


def render_answers(answers: Sequence[Answer], values: Mapping[str, str], refusal: str = "") -> str:
    """Return the what-if page: the answers, and the form as it was filled in.

    Args:
        answers: none where the form was refused, with the reason in `refusal`.
    """
    return render(
        "what_if.html.j2",
        {"answers": answers_chart(answers)} if answers else {},
        answers=answers,
        cheapest=min(
            (each for each in answers if not each.misses),
            key=lambda each: each.cost_usd,
            default=None,
        ),
        refusal=refusal,
        **_form(values),
    )


def _form(values: Mapping[str, str]) -> dict[str, object]:
    return {"values": values, "groups": GROUPS, "lanes": LANES, "purchases": PURCHASES}


def render(template: str, figures: Mapping[str, Figure], **values: object) -> str:
    """Return a template filled in, with its charts beside it."""
    told = {name: as_json(figure) for name, figure in figures.items()}
    page = _templates().get_template(template)
    return page.render(charts=told, assets=f"assets/{assets_version()}", **values)


@cache
def asset(name: str) -> bytes:
    """Return a file that the page asks for.

    Raises:
        KeyError: there is none of that name.
    """
    if name not in ASSETS:
        raise KeyError(name)
    if name == "plotly.min.js":
        return files("plotly").joinpath("package_data", name).read_bytes()
    return (FOLDER / name).read_bytes()


@cache
def assets_version() -> str:
    """Return what the files' address changes with, so that browsers may keep them."""
    digest = hashlib.sha256()
    for name in sorted(ASSETS):
        digest.update(asset(name))
    return digest.hexdigest()[:12]


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "usd": words.usd,
        "count": words.count,
        "percent": words.percent,
        "moment": words.moment,
        "ago": words.ago,
        "lane": lambda lane: words.named(words.LANES, lane),
        "duration": words.seconds,
        "state": lambda state: words.named(words.STATES, state),
    }
    return environment
