"""Differences of models on the same documents: what is bounded, and that the bound holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from include.models.training.paired_bootstrap import PairDifference, Resampling, compare

CLASSES = 3


def drawn(
    documents: int, accuracies: Sequence[float], seed: int
) -> tuple[list[int], list[list[int]]]:
    """Documents' classes, and each model's answers; a wrong one is any other class."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, CLASSES, documents)
    answers = []
    for accuracy in accuracies:
        wrong = random.random(documents) >= accuracy
        answers.append((truth + wrong * random.integers(1, CLASSES, documents)) % CLASSES)
    return truth.tolist(), [found.tolist() for found in answers]


def pair(found: Sequence[PairDifference], model: str, against: str) -> PairDifference:
    return next(one for one in found if (one.model, one.against) == (model, against))


def test_differences_are_those_of_the_figures() -> None:
    truth, (first, second) = drawn(200, (0.8, 0.7), seed=1)
    found = compare(truth, {"a": first, "b": second}, CLASSES, Resampling())
    one = pair(found, "a", "b")
    right = [np.equal(said, truth) for said in (first, second)]
    assert one.accuracy == pytest.approx(right[0].mean() - right[1].mean())
    macro = [f1_score(truth, said, average="macro") for said in (first, second)]
    assert one.macro_f1 == pytest.approx(macro[0] - macro[1])
    assert (one.helpful, one.harmful) == (
        (right[0] & ~right[1]).sum(),
        (right[1] & ~right[0]).sum(),
    )
    expected = binomtest(one.harmful, one.harmful + one.helpful, alternative="greater")
    assert one.p_not_inferior == pytest.approx(expected.pvalue)
    back = pair(found, "b", "a")
    assert (back.accuracy, back.macro_f1) == (-one.accuracy, -one.macro_f1)


def test_the_bound_is_that_of_documents_drawn_one_by_one() -> None:
    truth, (first, second) = drawn(150, (0.8, 0.75), seed=2)
    how = Resampling(confidence=0.9, resamples=4000, seed=5)
    one = pair(compare(truth, {"a": first, "b": second}, CLASSES, how), "a", "b")
    random = np.random.default_rng(9)
    right = np.equal([first, second], truth).astype(int)
    chosen = random.integers(0, len(truth), (4000, len(truth)))
    differences = (right[0] - right[1])[chosen].mean(axis=1)
    assert one.accuracy_low == pytest.approx(np.quantile(differences, 0.1), abs=0.004)


def test_the_bound_holds_as_often_as_it_says() -> None:
    how = Resampling(confidence=0.9, resamples=300)
    true_difference, held = 0.05, 0
    for seed in range(300):
        truth, (first, second) = drawn(300, (0.85, 0.80), seed)
        one = pair(compare(truth, {"a": first, "b": second}, CLASSES, how), "a", "b")
        held += one.accuracy_low <= true_difference
    # Of 300 at 90 %, 255 or fewer would come once in 200 times.
    assert 255 < held < 290


def test_equal_models_do_not_differ() -> None:
    truth, (first,) = drawn(50, (0.7,), seed=3)
    for one in compare(truth, {"a": first, "b": first}, CLASSES, Resampling()):
        assert (one.accuracy, one.accuracy_low, one.macro_f1, one.macro_f1_low) == (0, 0, 0, 0)
        assert one.p_not_inferior == 1.0


def test_a_slice_of_one_class_is_scored_on_that_class() -> None:
    one = pair(compare([1] * 10, {"a": [1] * 10, "b": [2] * 10}, CLASSES, Resampling()), "a", "b")
    assert (one.accuracy, one.macro_f1) == (1.0, 1.0)


def test_the_same_seed_gives_the_same_bound() -> None:
    truth, (first, second) = drawn(90, (0.8, 0.7), seed=4)
    answers = {"a": first, "b": second}
    assert compare(truth, answers, CLASSES, Resampling()) == compare(
        truth, answers, CLASSES, Resampling()
    )
