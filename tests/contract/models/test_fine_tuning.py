"""Fine-tuning, on an encoder small enough for a test; and classifiers asked out of fold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.container import run_program

TINY = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np
from serving.encoder_shape import EncoderShape
from training.encoder import Encoder, run_fp32

VOCABULARY, HIDDEN, WIDE, LENGTH = 60, 32, 64, 24
random = np.random.default_rng(1)


def array(*shape):
    return random.normal(0, 0.2, shape).astype(np.float32)


def norm(name):
    return {f"{name}.weight": 1 + array(HIDDEN), f"{name}.bias": array(HIDDEN)}


def dense(name, given, made):
    return {f"{name}.weight": array(made, given), f"{name}.bias": array(made)}


layer = "encoder.layer.0"
weights = {
    "embeddings.word_embeddings.weight": array(VOCABULARY, HIDDEN),
    "embeddings.position_embeddings.weight": array(LENGTH, HIDDEN),
    "embeddings.token_type_embeddings.weight": array(2, HIDDEN),
    **norm("embeddings.LayerNorm"),
    **{k: v for part in ("query", "key", "value")
       for k, v in dense(f"{layer}.attention.self.{part}", HIDDEN, HIDDEN).items()},
    **dense(f"{layer}.attention.output.dense", HIDDEN, HIDDEN),
    **norm(f"{layer}.attention.output.LayerNorm"),
    **dense(f"{layer}.intermediate.dense", HIDDEN, WIDE),
    **dense(f"{layer}.output.dense", WIDE, HIDDEN),
    **norm(f"{layer}.output.LayerNorm"),
}
encoder = Encoder(weights, EncoderShape(1, HIDDEN, 2, 1e-12), None, Path(), "")
labels = [("even", "odd")[k % 2] for k in range(120)]
# Which class a document is of is told by the order of two tokens: its mean embedding barely knows.
first = {"even": [7, 8], "odd": [8, 7]}
tokens = [
    [1, *first[label], *map(int, random.integers(10, VOCABULARY, random.integers(2, 9))), 2]
    for label in labels
]
embeddings = run_fp32(encoder.embedding_model(), tokens, LENGTH)
"""

TUNED = (
    TINY
    + """
from training.fine_tuning import FineTuning, _batches, _rate, fine_tune
from training.head import fit_head_at
import random as orders

head = fit_head_at(embeddings, labels, 1.0)
before = {name: value.copy() for name, value in weights.items()}
how = FineTuning(epochs=12, batch_tokens=80, learning_rate=5e-3, seed=3)
losses = []
tuned, its_head = fine_tune(encoder, head, tokens, labels, how, lambda _, x: losses.append(x))
again, _ = fine_tune(encoder, head, tokens, labels, how, lambda *_: None)


def accuracy(which, its_head):
    scores = run_fp32(which.classifier_model(its_head.weight, its_head.bias), tokens, LENGTH)
    return float(np.mean([its_head.labels[k] == t for k, t in zip(scores.argmax(1), labels)]))


lengths = [len(t) for t in tokens]
epoch = _batches(lengths, how, orders.Random(0))
print(json.dumps({
    "losses": losses,
    "before": accuracy(encoder, head),
    "after": accuracy(tuned, its_head),
    "kept": all(np.array_equal(before[k], weights[k]) for k in before),
    "repeatable": all(np.array_equal(again.weights[k], tuned.weights[k]) for k in tuned.weights),
    "positions": sorted(p for batch in epoch for p in batch),
    "largest": max(sum(lengths[p] for p in batch) for batch in epoch),
    "rates": [_rate(20)(step) for step in range(20)],
}))
"""
)

SOUP = (
    TINY
    + """
from training.classifier import Corpus, fit_classifier
from training.parameters import ParameterError, TrainingParameters

corpus = Corpus(tokens, embeddings, labels)


def fitted(seed, soup):
    told = {"method": "fine-tune", "epochs": "1", "batch_tokens": "80", "learning_rate": "5e-3",
            "seed": str(seed), "soup": str(soup)}
    epochs = []
    told = TrainingParameters.from_strings(told)
    return *fit_classifier(encoder, corpus, told, lambda e, _: epochs.append(e)), epochs


(one, its_head, _), (other, other_head, _), (soup, soup_head, epochs) = (
    fitted(3, 1), fitted(4, 1), fitted(3, 2))
name = "encoder.layer.0.output.dense.weight"
try:
    fitted(3, 0)
except ParameterError as error:
    refused = str(error)
print(json.dumps({
    "apart": float(np.abs(one.weights[name] - other.weights[name]).max()),
    "off": max(float(np.abs((one.weights[k] + other.weights[k]) / 2 - soup.weights[k]).max())
               for k in soup.weights),
    "head off": float(np.abs((its_head.weight + other_head.weight) / 2 - soup_head.weight).max()),
    "bias off": float(np.abs((its_head.bias + other_head.bias) / 2 - soup_head.bias).max()),
    "types": sorted({str(v.dtype) for v in soup.weights.values()}),
    "epochs": epochs,
    "refused": refused,
}))
"""
)

ASKED = (
    TINY
    + """
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from training.classifier import Corpus, fit_classifier, folds_of, out_of_fold_probabilities
from training.head import fit_head_at
from training.parameters import Method, ParameterError, TrainingParameters

corpus, found = Corpus(tokens, embeddings, labels), {}
head = fit_head_at(embeddings, labels, 3.0)
said = out_of_fold_probabilities(encoder, corpus, head, folds_of(labels, 4),
                                 TrainingParameters(), lambda *_: None)
split = StratifiedKFold(4, shuffle=True, random_state=0)
expected = cross_val_predict(LogisticRegression(C=3.0, max_iter=500), embeddings, labels, cv=split,
                             method="predict_proba")
found["apart"] = float(np.abs(expected - said).max())
for name, call in {
    "torch": lambda: fit_classifier(
        encoder, corpus, TrainingParameters(method=Method.FINE_TUNE), lambda *_: None),
    "one fold": lambda: folds_of(labels, 1),
    "rare": lambda: folds_of(["a", "a", "b"], 2),
}.items():
    try:
        call()
    except ParameterError as error:
        found[name] = str(error)
print(json.dumps(found))
"""
)


@pytest.fixture(scope="module")
def tuned() -> dict[str, Any]:
    return json.loads(run_program("torch", TUNED))


def test_the_encoder_learns_and_its_graph_answers_so(tuned: dict[str, Any]) -> None:
    assert tuned["losses"][-1] < tuned["losses"][0] / 2
    assert tuned["after"] > max(0.95, tuned["before"])


def test_the_pretrained_weights_are_left_alone(tuned: dict[str, Any]) -> None:
    assert tuned["kept"]


def test_the_same_seed_gives_the_same_weights(tuned: dict[str, Any]) -> None:
    assert tuned["repeatable"]


def test_an_epoch_is_every_document_once_in_batches_of_so_many_tokens(
    tuned: dict[str, Any],
) -> None:
    assert tuned["positions"] == list(range(120))
    assert tuned["largest"] <= 80


def test_the_rate_warms_up_and_goes_down_to_zero(tuned: dict[str, Any]) -> None:
    rates = tuned["rates"]
    assert rates[:2] == [0.5, 1.0]
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert 0 < rates[-1] < 0.1


def test_a_soup_is_the_mean_of_fine_tunings_of_different_seeds() -> None:
    found = json.loads(run_program("torch", SOUP))
    assert found["apart"] > 1e-3
    assert max(found["off"], found["head off"], found["bias off"]) < 1e-6
    assert found["types"] == ["float32"]
    assert found["epochs"] == [1, 1]
    assert found["refused"] == "a soup of 0 models"


@pytest.fixture(scope="module")
def asked() -> dict[str, Any]:
    return json.loads(run_program("training", ASKED))


def test_out_of_fold_probabilities_are_those_of_cross_validation(asked: dict[str, Any]) -> None:
    assert asked["apart"] < 1e-3


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("torch", "needs the torch image"),
        ("one fold", "1 folds of labels"),
        ("rare", "one has 1 documents"),
    ],
)
def test_what_cannot_be_fitted_is_refused(asked: dict[str, str], what: str, reason: str) -> None:
    assert reason in asked[what]
