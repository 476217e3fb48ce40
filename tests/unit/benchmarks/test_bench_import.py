"""What counts as the owner's answer."""

import pytest

from benchmarks.imported.figures import compare

LABELS = ("calm", "angry")
SAID = [[0.9, 0.1], [0.2, 0.8], [0.496, 0.504]]


def line(label: str, score: float) -> dict[str, object]:
    return {"id": "1", "label": label, "score": score}


def test_a_near_tie_may_fall_either_way():
    found = compare(SAID, LABELS, [line("calm", 0.9), line("angry", 0.8), line("calm", 0.501)])
    assert found.agreement == 1
    assert found.difference == pytest.approx(0.005)
    assert found.is_within("fp32")


def test_another_label_is_not_the_owners_answer():
    found = compare(SAID, LABELS, [line("angry", 0.6), line("angry", 0.8), line("angry", 0.504)])
    assert found.agreement == pytest.approx(2 / 3)
    assert not found.is_within("int8")


def test_int8_may_move_a_probability_and_fp32_may_not():
    found = compare(SAID, LABELS, [line("calm", 0.87), line("angry", 0.8), line("angry", 0.504)])
    assert found.is_within("int8")
    assert not found.is_within("fp32")


def test_an_answer_that_is_missing_or_an_error_is_told():
    with pytest.raises(ValueError, match="1 answers to 3 documents"):
        compare(SAID, LABELS, [line("calm", 0.9)])
    with pytest.raises(ValueError, match="model_failed"):
        compare(SAID[:1], LABELS, [{"id": "1", "error": {"code": "model_failed"}}])
