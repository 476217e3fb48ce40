"""Accuracy against cost: every candidate a point, the proposed one marked."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from include.adapters.pictures.placing import Box, place
from include.adapters.pictures.style import ACCENT, DPI, FAINT, INK
from include.domain.release.evaluation import CHAMPION_KEY
from include.domain.release.proposal import Contender
from include.pipeline.release.release_ports import Scene

MARKER_POINTS = 9.0
TITLE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class _Point:
    key: str
    usd_per_million: float
    accuracy: float
    documents_per_s: float
    color: str

    @property
    def label(self) -> str:
        return f"{self.key}\n{self.accuracy:.1%}, {self.documents_per_s:,.0f} documents/s"


def draw(scene: Scene) -> Figure:
    """Draw the contenders, the champion as an empty point, and the line a proposal must reach."""
    figure = Figure(figsize=(6.8, 4.4), dpi=DPI, layout="constrained")
    axes: Axes = figure.subplots()
    proposal, points = scene.proposal, _points(scene)
    for each in points:
        edge = FAINT if each.color == "none" else each.color
        axes.scatter(
            each.usd_per_million,
            each.accuracy * 100,
            s=MARKER_POINTS**2 * 0.75,
            facecolors=each.color,
            edgecolors=edge,
            zorder=3,
        )
    best = next(each for each in proposal.contenders if each.key == proposal.best)
    axes.axhline((best.accuracy - proposal.margin) * 100, color=FAINT, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.margins(x=0.3, y=0.25)
    emulated = ", emulated" if scene.is_emulated else ""
    axes.set(
        xlabel=f"US dollars a million documents, list price{emulated}", ylabel="accuracy, percent"
    )
    axes.set_title(_title(scene), fontsize=9)
    _label(figure, axes, points)
    return figure


def _title(scene: Scene) -> str:
    proposal = scene.proposal
    why = "the best" if proposal.key == proposal.best else f"no worse than {proposal.best}"
    proposed = f"{scene.model_name}: proposed is {proposal.key}, {why}"
    margin = f"the line: {proposal.margin * 100:g} points under the best"
    return f"{textwrap.fill(proposed, TITLE_CHARACTERS)}\n{margin}"


def _points(scene: Scene) -> list[_Point]:
    contenders = scene.proposal.contenders
    points = [
        _Point(
            each.key,
            each.usd_per_million,
            each.accuracy,
            each.documents_per_s,
            _color(each, scene.proposal.key),
        )
        for each in contenders
    ]
    champion = scene.evaluation.models.get(CHAMPION_KEY)
    if champion:
        some = contenders[0]
        usd = some.usd_per_million * some.documents_per_s / champion.documents_per_s
        points.append(
            _Point(CHAMPION_KEY, usd, champion.accuracy, champion.documents_per_s, "none")
        )
    return points


def _label(figure: Figure, axes: Axes, points: Sequence[_Point]) -> None:
    """Write a label a point; one that had to move away is tied to its point by a line."""
    figure.draw_without_rendering()  # lays the axes out: pixels are known from here on
    px = figure.dpi / 72  # of a typographic point
    at = [(each.usd_per_million, each.accuracy * 100) for each in points]
    labels = [_annotation(axes, each.label, xy) for each, xy in zip(points, at, strict=True)]
    marks = [
        Box.around(x, y, MARKER_POINTS * px, MARKER_POINTS * px)
        for x, y in (axes.transData.transform(xy) for xy in at)
    ]
    extents = [label.get_window_extent() for label in labels]
    frame = Box(*axes.get_window_extent().extents)
    boxes = place(marks, [(each.width, each.height) for each in extents], frame)
    for label, xy, mark, box in zip(labels, at, marks, boxes, strict=True):
        x, y = (box.x - mark.x) / px, (box.y - mark.y) / px
        label.set_position((x, y))
        height, width = box.top - box.bottom, box.right - box.left
        if abs(box.y - mark.y) > height + MARKER_POINTS * px or abs(box.x - mark.x) > width / 2:
            _line(axes, xy, (x, y))


def _annotation(axes: Axes, text: str, xy: tuple[float, float]) -> Annotation:
    """Return a text whose position is its centre, in typographic points from the data point."""
    return axes.annotate(
        text,
        xy,
        xytext=(0, 0),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=8,
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        zorder=2,
        in_layout=False,
    )


def _line(axes: Axes, xy: tuple[float, float], label: tuple[float, float]) -> None:
    axes.annotate(
        "",
        xy,
        xytext=label,
        textcoords="offset points",
        arrowprops={"arrowstyle": "-", "color": FAINT},
        zorder=1,
        in_layout=False,
    )


def _color(contender: Contender, proposed: str) -> str:
    if contender.key == proposed:
        return ACCENT
    return INK if contender.is_no_worse else FAINT
