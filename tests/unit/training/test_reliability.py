"""Calibration error, and the slices that figures are looked at by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.models.training.documents import LabelledDocument
from include.models.training.reliability import BINS, expected_calibration_error, reliability
from include.models.training.slices import slices_of

answers = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


@given(answers)
def test_every_document_is_in_one_bin(given_answers: list[tuple[float, bool]]) -> None:
    scores, right = [s for s, _ in given_answers], [r for _, r in given_answers]
    bins = reliability(scores, right)
    assert sum(each.documents for each in bins) == len(scores)
    assert [each.low for each in bins] == sorted(each.low for each in bins)
    for each in bins:
        assert each.high == pytest.approx(each.low + 1 / BINS)
        assert each.low - 1e-9 <= each.confidence <= each.high + 1e-9
    assert sum(each.accuracy * each.documents for each in bins) == pytest.approx(sum(right))
    assert 0 <= expected_calibration_error(bins) <= 1


def test_who_is_as_often_right_as_sure_has_no_error() -> None:
    random = np.random.default_rng(0)
    scores = random.uniform(0.3, 1, 20_000)
    right = random.random(20_000) < scores
    bins = reliability(scores.tolist(), right.tolist())
    assert expected_calibration_error(bins) < 0.015


def test_too_sure_is_an_error_of_the_difference() -> None:
    bins = reliability([0.9] * 100, [True] * 60 + [False] * 40)
    assert expected_calibration_error(bins) == pytest.approx(0.3)


def test_nothing_to_rely_on_is_refused() -> None:
    with pytest.raises(ValueError, match="0 confidences against 0"):
        reliability([], [])
    with pytest.raises(ValueError, match="2 confidences against 1"):
        reliability([0.5, 0.5], [True])


def document(words: int, label: str = "a", slice_: str | None = None) -> LabelledDocument:
    return LabelledDocument("id", " ".join(["word"] * words), label, slice_)


def test_documents_are_sliced_by_length_label_and_their_own_word() -> None:
    documents = [
        document(9, "b", "wire"),
        document(1, "a"),
        document(5, "a", "wire"),
        document(2, "b"),
        document(6, "b"),
        document(8, "a", "mail"),
    ]
    assert slices_of(documents) == {
        "length:short": [1, 3],
        "length:middle": [2, 4],
        "length:long": [0, 5],
        "label:a": [1, 2, 5],
        "label:b": [0, 3, 4],
        "slice:mail": [5],
        "slice:wire": [0, 2],
    }


def test_documents_of_one_length_are_in_one_slice() -> None:
    lengths = [name for name in slices_of([document(3)] * 9) if name.startswith("length:")]
    assert lengths == ["length:long"]
