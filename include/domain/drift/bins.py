"""Fine bins made into few, and their Population Stability Index. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

GROUPS = 10
SMALLEST_EXPECTED = 5.0
"""Expected documents a group at the least, as the chi-squared test wants them (Cochran, 1954)."""

_PSEUDO_COUNT = 0.5


def grouped(reference: Sequence[int], samples: Sequence[Sequence[int]]) -> list[list[int]]:
    """Group neighbouring bins so that each group holds about a tenth of the reference.

    Only the reference decides where a group ends, so that a test of the others stays one.

    Returns:
        The samples, by group.
    """
    total = sum(reference)
    ends: list[int] = []
    held = 0
    for index, count in enumerate(reference):
        held += count
        if held >= (len(ends) + 1) * total / GROUPS and held < total:
            ends.append(index + 1)
            while held >= (len(ends) + 1) * total / GROUPS:
                # One bin holds several tenths: its group ends where it does.
                ends.append(index + 1)
    cuts = sorted({0, *ends, len(reference)})
    return [_cut(sample, cuts) for sample in samples]


def by_label(samples: Sequence[Mapping[str, int]]) -> list[list[int]]:
    """Return counts by label, in one order; labels too rare for a test are one group."""
    names = sorted({name for sample in samples for name in sample})
    totals = [sum(sample.values()) for sample in samples]
    everything = sum(totals)
    smallest = min((total for total in totals if total), default=0)
    rare = {
        name
        for name in names
        if sum(s.get(name, 0) for s in samples) * smallest < SMALLEST_EXPECTED * everything
    }
    kept = [name for name in names if name not in rare]
    rows = [[sample.get(name, 0) for name in kept] for sample in samples]
    if rare:
        rows = [
            [*row, sum(sample.get(name, 0) for name in rare)]
            for row, sample in zip(rows, samples, strict=True)
        ]
    return rows


def population_stability_index(reference: Sequence[int], current: Sequence[int]) -> float:
    """Return the sum over groups of (share - reference share) ln(share / reference share).

    It is the Jeffreys divergence of the two; half a document is added to each group, so that an
    empty one does not make it infinite.
    """
    groups = len(reference)
    of_reference = sum(reference) + groups * _PSEUDO_COUNT
    of_current = sum(current) + groups * _PSEUDO_COUNT
    index = 0.0
    for before, now in zip(reference, current, strict=True):
        p = (before + _PSEUDO_COUNT) / of_reference
        q = (now + _PSEUDO_COUNT) / of_current
        index += (q - p) * math.log(q / p)
    return index


def _cut(counts: Sequence[int], cuts: Sequence[int]) -> list[int]:
    return [sum(counts[a:b]) for a, b in pairwise(cuts)]
