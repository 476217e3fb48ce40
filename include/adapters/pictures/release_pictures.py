"""`ReleasePictures` with matplotlib: what a person should see before approving a release."""

from __future__ import annotations

import io
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from include.adapters.pictures import comparison, confusion
from include.domain.release.evaluation import CHAMPION_KEY, Evaluation
from include.domain.release.proposal import Contender
from include.pipeline.release.release_ports import Scene

INK, ACCENT, FAINT = "#1f2933", "#0b7a75", "#9aa5b1"
DPI = 110


class MatplotlibPictures:
    """Draws without a display, and without matplotlib's global state."""

    def draw(self, scene: Scene) -> Mapping[str, bytes]:
        """See `ReleasePictures.draw`."""
        evaluation, key = scene.evaluation, scene.proposal.key
        title = f"{scene.model_name}: {key}"
        pictures = {
            "confusion.png": confusion.draw(evaluation, key, title),
            "calibration.png": _calibration(evaluation, key, title),
            "accuracy-against-cost.png": _cost(scene),
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


def _cost(scene: Scene) -> Figure:
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    axes: Axes = figure.subplots()
    proposal = scene.proposal
    for each in proposal.contenders:
        color = _color(each, proposal.key)
        _mark(axes, each.key, each.usd_per_million, each.accuracy, each.documents_per_s, color)
    champion = scene.evaluation.models.get(CHAMPION_KEY)
    if champion:
        some = proposal.contenders[0]
        usd = some.usd_per_million * some.documents_per_s / champion.documents_per_s
        _mark(axes, CHAMPION_KEY, usd, champion.accuracy, champion.documents_per_s, "none")
    best = next(each for each in proposal.contenders if each.key == proposal.best)
    axes.axhline((best.accuracy - proposal.margin) * 100, color=FAINT, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.margins(x=0.45, y=0.2)
    emulated = ", emulated" if scene.is_emulated else ""
    axes.set(
        xlabel=f"US dollars a million documents, list price{emulated}", ylabel="accuracy, percent"
    )
    why = "the best" if proposal.key == proposal.best else f"no worse than {proposal.best}"
    margin = f"the line: {proposal.margin * 100:g} points under the best"
    axes.set_title(f"{scene.model_name}: proposed is {proposal.key}, {why} ({margin})", fontsize=9)
    return figure


def _mark(
    axes: Axes, key: str, usd: float, accuracy: float, documents_per_s: float, color: str
) -> None:
    edge = FAINT if color == "none" else color
    axes.scatter(usd, accuracy * 100, s=60, facecolors=color, edgecolors=edge)
    axes.annotate(
        f"{key}\n{accuracy:.1%}, {documents_per_s:,.0f} documents/s",
        (usd, accuracy * 100),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
        fontsize=8,
        color=INK,
    )


def _color(contender: Contender, proposed: str) -> str:
    if contender.key == proposed:
        return ACCENT
    return INK if contender.is_no_worse else FAINT


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()
