"""The sequential test holds its level however often one looks, and is worth its documents.

Thousands of comparisons are simulated and judged after every document. Every bound below is the
promise of the test with room for the simulation's own noise (three standard errors).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.sequential.simulate import Case, draw, evidence_against
from include.domain.comparison.betting import Counts, interval, log_evidence
from include.domain.comparison.comparison import Finding
from include.domain.comparison.sequential_test import (
    Evidence,
    difference_interval,
    disagreement_interval,
    judge,
)

LEVEL, MARGIN, RUNS, DOCUMENTS = 0.05, 0.03, 2000, 1500


def simulated(worse: float, better: float, seed: int) -> np.ndarray:
    """Counts of -1, 0 and 1 after each document of each run: runs × documents × 3."""
    case = Case(differing=worse + better, difference=better - worse)
    return draw(case, RUNS, DOCUMENTS, np.random.default_rng(seed))


def ever_found(counts: np.ndarray) -> tuple[float, float, float]:
    """Share of runs in which each claim ever fell: better, equivalent, worse."""
    needed, mirrored = -math.log(LEVEL / 4), counts[..., ::-1]
    better = (evidence_against(counts, 0.0) >= needed).any(1)
    worse = (evidence_against(mirrored, 0.0) >= needed).any(1)
    above = evidence_against(counts, -MARGIN) >= needed
    below = evidence_against(mirrored, -MARGIN) >= needed
    return float(better.mean()), float((above & below).any(1).mean()), float(worse.mean())


def allowed(probability: float) -> float:
    return probability + 3 * math.sqrt(probability * (1 - probability) / RUNS)


def test_the_simulation_computes_what_the_product_does() -> None:
    counts = simulated(0.05, 0.1, seed=0)[:20, ::97]
    for bound in (-MARGIN, 0.0, 0.5):
        found = evidence_against(counts, bound)
        for index in np.ndindex(found.shape):
            expected = log_evidence(Counts(*(int(each) for each in counts[index])), bound)
            assert found[index] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("differing", [0.02, 0.1, 0.4])
def test_equally_good_versions_are_told_apart_no_more_often_than_allowed(differing: float) -> None:
    better, _, worse = ever_found(simulated(differing / 2, differing / 2, seed=1))

    assert better <= allowed(LEVEL / 4)
    assert worse <= allowed(LEVEL / 4)
    assert better + worse <= allowed(LEVEL / 2)


@pytest.mark.parametrize("sign", [-1, 1])
def test_versions_a_margin_apart_are_called_equivalent_no_more_often_than_allowed(
    sign: int,
) -> None:
    worse, better = 0.05 - sign * MARGIN / 2, 0.05 + sign * MARGIN / 2

    _, equivalent, _ = ever_found(simulated(worse, better, seed=2))

    assert equivalent <= allowed(LEVEL / 4)


def test_versions_that_differ_on_a_margin_of_documents_are_not_called_equivalent() -> None:
    counts = simulated(MARGIN, 1 - MARGIN, seed=3)  # -1: answered differently, 1: alike

    wrong = (evidence_against(counts, 1 - 2 * MARGIN) >= -math.log(LEVEL / 2)).any(1).mean()

    assert wrong <= allowed(LEVEL / 2)


def test_a_clear_difference_is_found_early_and_on_the_right_side() -> None:
    found = evidence_against(simulated(0.03, 0.11, seed=4), 0.0) >= -math.log(LEVEL / 4)
    stops = np.where(found.any(1), found.argmax(1), DOCUMENTS)

    assert found.any(1).mean() > 0.99
    assert np.median(stops) < 400, "a test of fixed size would need some 200 to 300 documents"


def test_a_confidence_sequence_covers_the_mean_at_every_look() -> None:
    missed = 0
    for run in simulated(0.1, 0.15, seed=5)[:150]:
        looks = [Counts(*(int(each) for each in run[n])) for n in range(9, DOCUMENTS, 60)]
        bounds = [interval(each, level=LEVEL) for each in looks]
        missed += any(not low <= 0.05 <= high for low, high in bounds)
    assert missed / 150 <= LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / 150)


@pytest.mark.parametrize(
    ("evidence", "finding"),
    [
        (Evidence(), Finding.UNDECIDED),
        (Evidence(10, 0, Counts(0, 9, 1)), Finding.UNDECIDED),
        (Evidence(900, 100, Counts(10, 900, 90)), Finding.BETTER),
        (Evidence(900, 100, Counts(90, 900, 10)), Finding.WORSE),
        (Evidence(2900, 100, Counts(50, 2900, 50)), Finding.EQUIVALENT),
        (Evidence(3000, 3), Finding.EQUIVALENT),
        (Evidence(3000, 300), Finding.UNDECIDED),
    ],
)
def test_what_is_proved_is_found(evidence: Evidence, finding: Finding) -> None:
    assert judge(evidence, level=LEVEL, margin=MARGIN) is finding


def test_a_trace_worse_within_the_margin_is_equivalent() -> None:
    evidence = Evidence(labelled=Counts(lower=600, equal=99_000, higher=400))
    low, high = difference_interval(evidence, level=LEVEL)

    assert -MARGIN < low < high < 0
    assert judge(evidence, level=LEVEL, margin=MARGIN) is Finding.EQUIVALENT


def test_bounds_of_the_disagreement_hold_its_share() -> None:
    low, high = disagreement_interval(Evidence(950, 50), level=LEVEL)

    assert 0.03 < low < 0.05 < high < 0.08


@pytest.mark.parametrize("bound", [-1.0, 1.0, 2.0])
def test_a_bound_outside_the_range_is_refused(bound: float) -> None:
    with pytest.raises(ValueError, match="not within"):
        log_evidence(Counts(1, 1, 1), bound)
