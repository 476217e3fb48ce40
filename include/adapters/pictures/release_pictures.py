"""`ReleasePictures` with matplotlib: what a person should see before approving a release."""

from __future__ import annotations

import io
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from include.adapters.pictures import comparison, confusion, cost
from include.adapters.pictures.style import ACCENT, DPI, FAINT
from include.domain.release.evaluation import CHAMPION_KEY, Evaluation
from include.pipeline.release.release_ports import Scene


class MatplotlibPictures:
    """Draws without a display, and without matplotlib's global state."""

    def draw(self, scene: Scene) -> Mapping[str, bytes]:
        """See `ReleasePictures.draw`."""
        evaluation, key = scene.evaluation, scene.proposal.key
        title = f"{scene.model_name}: {key}"
        pictures = {
            "confusion.png": confusion.draw(evaluation, key, title),
            "calibration.png": _calibration(evaluation, key, title),
            "accuracy-against-cost.png": cost.draw(scene),
        }
        if CHAMPION_KEY in evaluation.models:
            pictures["champion-against-challenger.png"] = comparison.draw(evaluation, key, title)
        return {name: _png(figure) for name, figure in pictures.items()}


def _calibration(evaluation: Evaluation, key: str, title: str) -> Figure:
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes: Axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
    names = [CHAMPION_KEY, key] if CHAMPION_KEY in evaluation.models else [key]
    for name in names:
        model = evaluation.models[name]
        color = ACCENT if name == key else FAINT
        confidence = [each.confidence for each in model.reliability]
        accuracy = [each.accuracy for each in model.reliability]
        label = f"{name}, error {model.ece:.3f}"
        axes.plot(confidence, accuracy, color=color, marker="o", markersize=4, label=label)
    most = max(each.documents for each in evaluation.models[key].reliability)
    for each in evaluation.models[key].reliability:
        axes.bar(
            (each.low + each.high) / 2,
            0.2 * each.documents / most,
            width=(each.high - each.low) * 0.9,
            color=ACCENT,
            alpha=0.15,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="score", ylabel="share answered right")
    axes.set_title(f"{title}, calibration on {evaluation.documents} documents", fontsize=10)
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    return figure


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()
