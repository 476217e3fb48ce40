"""The cascade's cheap model as training fits it, and the evidence that it is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.container import run_program

PROGRAM = """
import io, json, sys, tempfile
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np
from serving.linear_model import LinearModel, softmax
from serving.term_features import TermSpace
from training.cascade import Comparison, fit_cascade
from training.cheap_model import calibrated, fit_cheap, temperature_of, terms_of
from training.classifier import folds_of

VOCABULARY, DOCUMENTS = 300, 500
random = np.random.default_rng(5)
space = TermSpace(VOCABULARY, 10)
vectors = random.normal(size=(VOCABULARY, 6)).astype(np.float32)


def documents(labels):
    '''Half of a document's tokens are of its class's hundred, half are any.'''
    own = lambda k: 100 * k + random.integers(0, 100, 8)
    return [[*map(int, own(k)), *map(int, random.integers(0, VOCABULARY, 8))] for k in labels]


def fit(tokens, labels, classes):
    return fit_cheap(terms_of(tokens, space), labels, classes, space, vectors)


def loss(logits, truth):
    return float(-np.log(softmax(logits)[np.arange(len(truth)), truth]).mean())


found = {}
for classes in (2, 3):
    labels, others = (list(map(int, random.integers(0, classes, DOCUMENTS))) for _ in range(2))
    tokens, unseen = documents(labels), documents(others)
    model = fit(tokens, labels, classes)
    logits = model.logits(unseen)
    temperature = temperature_of(logits, others)
    cooled = calibrated(model, temperature)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cascade.npz"
        cooled.save(path)
        saved = path.read_bytes()
        same = np.array_equal(LinearModel.load(path).logits(unseen), cooled.logits(unseen))
        calibrated(fit(tokens, labels, classes), temperature).save(path)
        again = path.read_bytes()
    found[classes] = {
        "accuracy": float((logits.argmax(1) == others).mean()),
        "loss": loss(logits, others),
        "calibrated_loss": loss(cooled.logits(unseen), others),
        "nearby_losses": [loss(logits / (temperature * k), others) for k in (0.8, 1.25)],
        "kept": bool(same),
        "repeatable": saved == again,
    }

names = ["a", "b", "c"]
truth = [names[k] for k in labels]
folds = folds_of(truth, 2)
wrong = [names[(k + 1) % 3] for k in labels]
by_chance = list(random.permutation(truth))


def sure_of(says):
    return np.array([[0.9 if name == said else 0.05 for name in names] for said in says],
                    dtype=np.float32)


def evidence(tokens, truth, says):
    fitted = fit_cascade(Comparison(tokens, names, truth, sure_of(says), folds_of(truth, 2)),
                         vectors, 0.05, 0.95)
    return None if fitted is None else {
        "threshold": fitted.evidence.threshold,
        "answered": fitted.evidence.answered,
        "loss_bound": fitted.evidence.loss_bound,
        "documents": fitted.evidence.documents,
    }


found["beside one that is right"] = evidence(tokens, truth, truth)
found["beside one that is wrong"] = evidence(tokens, truth, wrong)
found["labels by chance"] = evidence(tokens, by_chance, by_chance)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return json.loads(run_program("training", PROGRAM))


@pytest.mark.parametrize("classes", ["2", "3"])
def test_it_learns_and_is_calibrated(found: dict[str, Any], classes: str) -> None:
    fitted = found[classes]
    assert fitted["accuracy"] > 0.9
    assert fitted["calibrated_loss"] <= fitted["loss"]
    assert fitted["calibrated_loss"] <= min(fitted["nearby_losses"])


@pytest.mark.parametrize("classes", ["2", "3"])
def test_it_is_written_the_same_each_time(found: dict[str, Any], classes: str) -> None:
    assert found[classes]["kept"]
    assert found[classes]["repeatable"]


def test_beside_a_better_encoder_it_answers_what_it_is_sure_of(found: dict[str, Any]) -> None:
    evidence = found["beside one that is right"]
    assert evidence["documents"] == 500
    assert evidence["answered"] > 0.3
    assert evidence["loss_bound"] <= 0.05


def test_beside_a_worse_encoder_it_answers_everything(found: dict[str, Any]) -> None:
    assert found["beside one that is wrong"]["answered"] == 1.0


def test_what_was_learnt_by_heart_is_no_evidence(found: dict[str, Any]) -> None:
    # A twentieth of the documents may be lost by the margin alone, whatever is said of them.
    evidence = found["labels by chance"]
    assert evidence is None or evidence["answered"] < 0.08
