"""An encoder's head says how sure it is, and is as sure as it is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.container import run_program

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from serving.linear_model import softmax
from training.classifier import MIN_CALIBRATION_DOCUMENTS, calibrated_on
from training.head import calibrated_head, cooled, fit_head_at
from training.reliability import expected_calibration_error, reliability

random = np.random.default_rng(2)
names = ["a", "b", "c"]
centres = random.normal(size=(3, 16))


def documents(count):
    classes = random.integers(0, 3, count)
    found = centres[classes] + random.normal(0, 2.0, (count, 16))
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit.astype(np.float32), [names[k] for k in classes]


def error(head):
    shares = softmax(unseen @ head.weight + head.bias)
    right = [head.labels[k] == label for k, label in zip(shares.argmax(1), truth)]
    return expected_calibration_error(reliability(shares.max(1).tolist(), right))


embeddings, labels = documents(600)
unseen, truth = documents(2000)
plain = fit_head_at(embeddings, labels, 0.03)
head = calibrated_head(plain, embeddings, labels, 5)
says = [(unseen @ one.weight + one.bias).argmax(1) for one in (plain, head)]
few = calibrated_head(plain, embeddings[:3], ["a", "b", "c"], 5)

# Fine-tuned classifiers are mostly too sure of themselves.
sure = cooled(head, 0.2)
seen = softmax(embeddings @ sure.weight + sure.bias)
tuned = calibrated_on(sure, seen, labels)
too_few = MIN_CALIBRATION_DOCUMENTS - 1
print(json.dumps({
    "before": error(plain), "after": error(head), "temperature": head.temperature,
    "same labels": bool((says[0] == says[1]).all()), "few": few is plain,
    "sure": error(sure), "tuned": error(tuned), "warmer": tuned.temperature,
    "as it is": [
        calibrated_on(sure, seen[:too_few], labels[:too_few]) is sure,
        calibrated_on(sure, seen, [names[k] for k in seen.argmax(1)]) is sure,
    ],
}))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return json.loads(run_program("training", PROGRAM))


def test_its_error_of_calibration_falls_and_its_labels_stay(found: dict[str, Any]) -> None:
    assert found["before"] > 0.1
    assert found["after"] < 0.04
    assert found["temperature"] < 1
    assert found["same labels"]


def test_too_few_documents_calibrate_nothing(found: dict[str, Any]) -> None:
    assert found["few"]


def test_what_was_fine_tuned_is_calibrated_on_what_it_has_not_seen(found: dict[str, Any]) -> None:
    assert found["sure"] > 0.1
    assert found["tuned"] < 0.04
    assert found["warmer"] > 2


def test_too_few_or_all_right_leave_it_as_it_is(found: dict[str, Any]) -> None:
    assert found["as it is"] == [True, True]


def test_training_notes_the_temperature(trained_root: Path) -> None:
    metrics = json.loads((trained_root / "model/metrics.json").read_text())
    assert 0.01 < metrics["temperature"] < 1
