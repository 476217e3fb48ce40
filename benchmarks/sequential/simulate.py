"""Comparisons of two simulated versions, judged after every document.

The test is the product's own (`include.domain.comparison.sequential_test`), its sums written for
many runs at once; a unit test holds the two together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from include.domain.comparison.betting import growth

Counts = NDArray[np.float32]
"""Counts of -1, 0 and 1 after each document of each run: runs × documents × 3."""

_EXPONENT_LIMIT = 80.0
_FIRST_LOOK = 30
"""Documents before the usual test looks for the first time; its approximation is poor before."""


@dataclass(frozen=True, slots=True)
class Case:
    """Two versions.

    Attributes:
        differing: share of documents on which exactly one of them is right.
        difference: the challenger's accuracy less the champion's.
    """

    differing: float
    difference: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case's runs ended, as shares of them.

    Attributes:
        better: the challenger was found better; `equivalent` and `worse` likewise.
        undecided: nothing was sure within the documents.
        median_documents: until the finding, over the runs with one; None without any.
        usual_alarms: runs in which the usual test at the same level, looked at after every
            document, called the versions different at some time.
    """

    case: Case
    better: float
    equivalent: float
    worse: float
    undecided: float
    median_documents: int | None
    usual_alarms: float


def draw(case: Case, runs: int, documents: int, rng: np.random.Generator) -> Counts:
    """Draw runs of labelled documents."""
    worse = (case.differing - case.difference) / 2
    drawn = rng.random((runs, documents), dtype=np.float32)
    lower, higher = drawn < worse, drawn > 1 - (case.differing - worse)
    values = (lower, ~(lower | higher), higher)
    return np.stack([each.cumsum(1, dtype=np.float32) for each in values], axis=-1)


def evidence_against(counts: Counts, at_most: float) -> NDArray[np.float64]:
    """Return `log_evidence` of every run after every document."""
    total = np.zeros(counts.shape[:-1])
    for rates in growth(at_most):
        logarithm = counts @ np.array(rates, np.float32)
        total += np.exp(np.minimum(logarithm, _EXPONENT_LIMIT))
    result: NDArray[np.float64] = np.log(total / len(growth(at_most)))
    return result


def run_case(case: Case, *, level: float, margin: float, counts: Counts) -> Outcome:
    """Judge every run after every document, and stop it at its first finding."""
    needed, mirrored = -math.log(level / 4), counts[..., ::-1]
    equivalent = (evidence_against(counts, -margin) >= needed) & (
        evidence_against(mirrored, -margin) >= needed
    )
    stops = np.stack(
        [
            _first(evidence_against(counts, 0.0) >= needed),
            _first(equivalent),
            _first(evidence_against(mirrored, 0.0) >= needed),
        ]
    )
    first = stops.min(axis=0)
    found = np.isfinite(first)
    which = np.where(found, stops.argmin(axis=0), 3)
    return Outcome(
        case=case,
        better=float((which == 0).mean()),
        equivalent=float((which == 1).mean()),
        worse=float((which == 2).mean()),
        undecided=float((which == 3).mean()),
        median_documents=int(np.median(first[found])) if found.any() else None,
        usual_alarms=_usual_alarms(counts, level),
    )


def _first(is_found: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the number of documents at each run's first finding, infinity without one."""
    return np.where(is_found.any(axis=1), is_found.argmax(axis=1) + 1.0, np.inf)


def _usual_alarms(counts: Counts, level: float) -> float:
    """Share of runs in which McNemar's test ever called the versions different."""
    lower, higher = counts[:, _FIRST_LOOK:, 0], counts[:, _FIRST_LOOK:, 2]
    statistic = np.abs(higher - lower) / np.sqrt(np.maximum(higher + lower, 1))
    return float((statistic > NormalDist().inv_cdf(1 - level / 2)).any(axis=1).mean())
