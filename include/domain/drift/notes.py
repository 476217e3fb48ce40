"""What of a feature has changed, in words."""

from __future__ import annotations

from collections.abc import Sequence

from include.domain.drift.features import SCORE_BINS, Feature, length_of_bin
from include.domain.drift.sketch import Sketch


def note_of(feature: Feature, before: Sketch, now: Sketch) -> str:
    """Return a short comparison; empty where numbers alone can tell."""
    match feature:
        case Feature.LENGTH:
            lengths = (length_of_bin(_median_bin(sketch.lengths)) for sketch in (before, now))
            return "median length about {:,} → {:,} characters".format(*lengths)
        case Feature.SCORE:
            scores = (1 - 2 ** (-(_median_bin(s.scores) + 0.5) / 2) for s in (before, now))
            return "median score about {:.2f} → {:.2f}".format(*scores)
        case Feature.LABELS:
            return _largest_change(before, now)
        case _:
            return ""


def _median_bin(counts: Sequence[int]) -> int:
    half, held = sum(counts) / 2, 0
    for index, count in enumerate(counts):
        held += count
        if held >= half:
            return index
    return SCORE_BINS - 1


def _largest_change(before: Sketch, now: Sketch) -> str:
    first, second = sum(before.labels.values()), sum(now.labels.values())
    shares = {
        name: (before.labels.get(name, 0) / first, now.labels.get(name, 0) / second)
        for name in sorted({*before.labels, *now.labels})
    }
    name = max(shares, key=lambda each: abs(shares[each][1] - shares[each][0]))
    return f"{name} {shares[name][0]:.0%} → {shares[name][1]:.0%}"
