"""The quality gate's contract, on Great Expectations and on its fake."""

from __future__ import annotations

import pytest

from include.adapters.quality import GreatExpectationsGate
from include.domain.batches.documents import QuarantineReason as Reason
from include.domain.batches.documents import RawDocument
from include.domain.batches.predictions import Prediction
from include.pipeline.ports.quality import QualityGate
from tests.support.fakes.quality import FakeQualityGate

LABELS = ("World", "Sports", "Business", "Sci/Tech")
SOUND = RawDocument(0, "a", "some text")


@pytest.fixture(scope="module", params=["great expectations", "fake"])
def gate(request: pytest.FixtureRequest) -> QualityGate:
    if request.param == "fake":
        return FakeQualityGate()
    return GreatExpectationsGate(max_document_characters=1_000)


def test_sound_documents_pass(gate: QualityGate) -> None:
    verdict = gate.check_documents([SOUND, RawDocument(1, "b", "other text")], [])
    assert verdict.poison == ()
    assert verdict.results
    assert all(result.evaluated_count == 2 for result in verdict.results)
    assert all(result.unexpected_count == 0 for result in verdict.results)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (RawDocument(7, None, None, Reason.NOT_JSON, "line 8 is not JSON"), Reason.NOT_JSON),
        (RawDocument(7, "x", None, Reason.MISSING_TEXT, "no text"), Reason.MISSING_TEXT),
        (RawDocument(7, None, "text"), Reason.MISSING_ID),
        (RawDocument(7, "x", None), Reason.MISSING_TEXT),
        (RawDocument(7, "x", ""), Reason.EMPTY_TEXT),
        (RawDocument(7, "x", " \n\t"), Reason.EMPTY_TEXT),
    ],
)
def test_a_bad_row_is_named_by_its_position(
    gate: QualityGate, row: RawDocument, reason: Reason
) -> None:
    verdict = gate.check_documents([SOUND, row, SOUND], [])
    assert [(p.position, p.reason) for p in verdict.poison] == [(1, reason)]
    assert verdict.poison[0].detail
    assert row.detail in verdict.poison[0].detail


def test_duplicates_are_those_named(gate: QualityGate) -> None:
    verdict = gate.check_documents([SOUND, SOUND, SOUND], [0, 2])
    assert [(p.position, p.reason) for p in verdict.poison] == [
        (0, Reason.DUPLICATE_ID),
        (2, Reason.DUPLICATE_ID),
    ]


def test_a_row_with_many_failings_is_named_once(gate: QualityGate) -> None:
    verdict = gate.check_documents([RawDocument(0, None, "")], [])
    assert [p.position for p in verdict.poison] == [0]


@pytest.mark.parametrize("row", [RawDocument(0, None, None), RawDocument(0, "x", None)])
def test_a_column_of_nothing_is_judged_too(gate: QualityGate, row: RawDocument) -> None:
    assert len(gate.check_documents([row, row], []).poison) == 2


def test_no_rows_are_no_trouble(gate: QualityGate) -> None:
    assert gate.check_documents([], []).poison == ()
    assert gate.check_predictions([], labels=LABELS).poison == ()


def test_sound_predictions_pass(gate: QualityGate) -> None:
    predictions = [Prediction(f"d{i}", LABELS[i % 4], i / 3) for i in range(4)]
    assert gate.check_predictions(predictions, labels=LABELS).poison == ()


@pytest.mark.parametrize(
    "prediction",
    [
        Prediction("x", "Weather", 0.5),
        Prediction("x", "world", 0.5),
        Prediction("x", "World", 1.01),
        Prediction("x", "World", -0.01),
        Prediction("x", "World", float("nan")),
        Prediction("x", "World", float("inf")),
    ],
)
def test_an_impossible_prediction_is_named(gate: QualityGate, prediction: Prediction) -> None:
    verdict = gate.check_predictions(
        [Prediction("a", "Sports", 1.0), prediction, Prediction("b", "Sports", 0.0)], labels=LABELS
    )
    assert [(p.position, p.reason) for p in verdict.poison] == [(1, Reason.MODEL_ERROR)]
