"""The challenger beside the champion, over all documents and on each slice."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from include.domain.release.evaluation import CHAMPION_KEY, Evaluation

COLORS = {True: "#0b7a75", False: "#b0413e"}


def draw(evaluation: Evaluation, key: str, title: str) -> Figure:
    """Differences in accuracy, each with the lower bound that the gates read."""
    pairs = [evaluation.pair(key, CHAMPION_KEY), *evaluation.slice_pairs(key, CHAMPION_KEY)]
    figure = Figure(figsize=(6.8, 1.4 + 0.3 * len(pairs)), layout="constrained")
    axes: Axes = figure.subplots()
    for row, pair in enumerate(pairs):
        difference, low = pair.accuracy_difference * 100, pair.accuracy_low * 100
        color = COLORS[difference >= 0]
        axes.plot([low, difference], [row, row], color=color, linewidth=1.5)
        axes.scatter([difference], [row], color=color, s=28, zorder=3)
    axes.axvline(0, color="#9aa5b1", linewidth=1)
    names = [f"{pair.slice_name or 'all'} ({pair.documents})" for pair in pairs]
    axes.set_yticks(range(len(pairs)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel(
        "accuracy less the champion's, points; the line ends at the lower bound "
        f"({evaluation.confidence:.0%})",
        fontsize=9,
    )
    axes.set_title(f"{title} against the champion", fontsize=10)
    return figure
