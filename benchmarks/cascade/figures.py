"""From labels and rates to the figures that are shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, median
from typing import Any

from include.models.training.non_inferiority import loss_bound

CONFIDENCE = 0.95


def figures(truth: Sequence[str], measured: Mapping[str, Any]) -> dict[str, Any]:
    """Accuracy, what the cascade costs of it, and what it gains in speed.

    Args:
        truth: label of each document.
        measured: what `benchmarks.cascade.measure` printed.
    """
    labels, rates = measured["labels"], measured["rates"]
    right = {
        way: [said == label for said, label in zip(found, truth, strict=True)]
        for way, found in labels.items()
    }
    both = list(zip(right["encoder"], right["cascade"], strict=True))
    harmful = sum(encoder and not cascade for encoder, cascade in both)
    helpful = sum(cascade and not encoder for encoder, cascade in both)
    ratios = [a / b for a, b in zip(rates["cascade"], rates["encoder"], strict=True)]
    return {
        "documents": len(truth),
        "accuracy": {way: round(mean(found), 4) for way, found in right.items()},
        "answered_cheaply": round(mean(s == "cheap" for s in measured["stages"]), 4),
        "harmful": harmful,
        "helpful": helpful,
        "loss": round((harmful - helpful) / len(truth), 4),
        "loss_bound_95": round(loss_bound(harmful, helpful, len(truth), CONFIDENCE), 4),
        "documents_per_s": {way: round(median(found), 1) for way, found in rates.items()},
        "rounds": rates,
        "speed_ratio": round(median(ratios), 2),
        "speed_ratio_range": [round(min(ratios), 2), round(max(ratios), 2)],
    }


def table(found: Mapping[str, Any], evidence: Mapping[str, Any]) -> str:
    """The figures, and what the threshold stands on, as lines of text."""
    rows = [f"{'':24}{'accuracy':>10}{'documents/s':>14}"]
    for way, name in (("encoder", "encoder alone"), ("cheap", "cheap stage alone")):
        rows.append(_row(name, way, found))
    rows.append(_row("cascade", "cascade", found))
    rows += [
        f"answered cheaply        {found['answered_cheaply']:10.1%}"
        f" of {found['documents']:,} documents that nothing was fitted on",
        f"loss of accuracy        {100 * found['loss']:10.2f} points; "
        f"more than {100 * found['loss_bound_95']:.2f} is ruled out (95 %)",
        f"speed, cascade ÷ encoder {found['speed_ratio']:9.2f} ({{}} to {{}} by round)".format(
            *found["speed_ratio_range"]
        ),
        f"threshold               {evidence['threshold']:10} "
        f"on {evidence['documents']:,} documents out of fold: {evidence['answered']:.1%} answered, "
        f"more than {100 * evidence['loss_bound']:.2f} points ruled out",
    ]
    return "\n".join(rows)


def _row(name: str, way: str, found: Mapping[str, Any]) -> str:
    accuracy, rate = found["accuracy"][way], found["documents_per_s"][way]
    return f"{name:24}{accuracy:10.1%}{rate:14,.0f}"
