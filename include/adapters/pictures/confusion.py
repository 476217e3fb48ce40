"""The confusion matrix of a model."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from include.domain.release.evaluation import Evaluation

MOST_LABELS_WITH_NUMBERS = 12


def draw(evaluation: Evaluation, key: str, title: str) -> Figure:
    """Rows are what documents truly are, columns what was answered; shaded by share of the row."""
    labels, counts = evaluation.labels, evaluation.models[key].confusion
    side = max(4.2, 0.5 * len(labels) + 1.8)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes: Axes = figure.subplots()
    shares = [[n / max(1, sum(row)) for n in row] for row in counts]
    axes.imshow(shares, cmap="GnBu", vmin=0, vmax=1)
    positions = range(len(labels))
    axes.set_xticks(positions, labels, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(positions, labels, fontsize=8)
    if len(labels) <= MOST_LABELS_WITH_NUMBERS:
        for row in positions:
            for column in positions:
                color = "white" if shares[row][column] > 0.6 else "black"
                axes.text(
                    column, row, str(counts[row][column]), ha="center", va="center", color=color
                )
    axes.set(xlabel="answered", ylabel="truly")
    accuracy = evaluation.models[key].accuracy
    axes.set_title(f"{title}, {accuracy:.1%} of {evaluation.documents} right", fontsize=10)
    return figure
