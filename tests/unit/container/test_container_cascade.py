"""The cascade: its cheap model's arithmetic, and which stage answers in the engine."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax

from include.models.serving.artifact import Artifact, ArtifactError, CascadeRule, PoolWeights
from include.models.serving.batching import BatchPolicy
from include.models.serving.cascade import Cascade, pooled, truncated
from include.models.serving.engine import Engine
from include.models.serving.linear_model import UNKNOWN, LinearModel
from include.models.serving.metering import Meter
from include.models.serving.records import Answer, Fault, Prediction, Record, Stage
from include.models.serving.term_features import TermSpace

SPACE = TermSpace(vocabulary=30, pair_bits=6)
documents = st.lists(st.lists(st.integers(0, 29), min_size=1, max_size=40), min_size=1, max_size=12)


def a_model(classes: int = 3) -> LinearModel:
    random = np.random.default_rng(7)
    row_of = np.full(SPACE.size, UNKNOWN, dtype=np.int32)
    known = random.permutation(SPACE.size)[:60]
    row_of[known] = np.arange(60)
    return LinearModel(
        SPACE,
        row_of,
        random.uniform(1, 5, 60).astype(np.float32),
        random.normal(0, 2, (60, classes)).astype(np.float32),
        random.normal(0, 1, classes).astype(np.float32),
        random.normal(0, 2, (SPACE.vocabulary, classes)).astype(np.float32),
    )


def by_the_formula(model: LinearModel, tokens: Sequence[int]) -> np.ndarray:
    """One document's probabilities, written as the docstring says it."""
    pairs = [SPACE.terms([pair])[1][2] for pair in pairwise(tokens)]
    counts = Counter(int(model.row_of[term]) for term in [*tokens, *pairs])
    counts.pop(UNKNOWN, None)
    values = {row: (1 + np.log(count)) * model.idf[row] for row, count in counts.items()}
    norm = np.sqrt(sum(value**2 for value in values.values())) or 1.0
    logits = model.bias + sum(value / norm * model.weight[row] for row, value in values.items())
    logits = logits + np.mean([model.token_weight[token] for token in tokens], axis=0)
    return np.asarray(softmax(logits))


@given(documents)
def test_the_probabilities_are_those_of_the_formula(tokens: list[list[int]]) -> None:
    model = a_model()
    expected = [by_the_formula(model, found) for found in tokens]
    np.testing.assert_allclose(model.probabilities(tokens), expected, rtol=1e-4, atol=1e-6)


@given(documents)
def test_a_document_is_scored_alike_whatever_its_neighbours(tokens: list[list[int]]) -> None:
    model = a_model()
    together = model.probabilities(tokens)
    alone = [model.probabilities([found])[0] for found in tokens]
    np.testing.assert_array_equal(together, alone)


def test_many_tokens_are_worked_on_in_passes() -> None:
    model = a_model()
    tokens = [list(np.random.default_rng(seed).integers(0, 30, 20_000)) for seed in range(5)]
    alone = [model.probabilities([found])[0] for found in tokens]
    np.testing.assert_array_equal(model.probabilities(tokens), alone)
    assert model.probabilities([]).shape == (0, 3)


def test_pairs_depend_on_their_order() -> None:
    forth, back = SPACE.terms([[3, 9]])[1][2], SPACE.terms([[9, 3]])[1][2]
    assert forth != back
    assert SPACE.vocabulary <= min(forth, back) <= max(forth, back) < SPACE.size


def test_a_saved_model_is_the_same_and_so_are_its_bytes(tmp_path: Path) -> None:
    model = a_model()
    model.save(tmp_path / "one.npz")
    LinearModel.load(tmp_path / "one.npz").save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


@given(st.lists(st.integers(1000, 2000), min_size=2, max_size=30), st.integers(2, 30))
def test_truncation_keeps_the_beginning_and_the_end_mark(ids: list[int], limit: int) -> None:
    kept = truncated(array("q", [*ids, 102]), limit)
    assert len(kept) == min(len(ids) + 1, limit)
    assert list(kept[:-1]) == ids[: len(kept) - 1]
    assert kept[-1] == 102


ARTIFACT = Artifact(
    "news-topic", "3", "test", ("a", "b", "c"), 8, 8, CascadeRule("cascade.npz", 0.8, 40, 40)
)


ENCODER = (0.5, 0.0, 0.25)
"""What the encoder says of every document."""


class CountingBackend:
    """Tokens are letters; it remembers the most that it was shown of a document."""

    def __init__(self) -> None:
        self.longest = 0

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        if any("\x00" in text for text in texts):
            raise ValueError("NUL in text")
        return [array("q", (ord(letter) % 30 for letter in text)) for text in texts]

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        self.longest = max(self.longest, *map(len, tokens))
        return np.tile(np.array(ENCODER, dtype=np.float32), (len(tokens), 1))


def answers_of(
    texts: Sequence[str], threshold: float, window: int = 5, pool: PoolWeights | None = None
) -> tuple[list[Answer], CountingBackend, Meter]:
    backend, meter = CountingBackend(), Meter()
    engine = Engine(
        backend,
        ARTIFACT,
        BatchPolicy(ARTIFACT.max_tokens, 64, 4),
        meter,
        workers=2,
        window_documents=window,
        cascade=Cascade(a_model(), threshold, pool),
    )
    answers = list(engine.answers(Record(str(i), text) for i, text in enumerate(texts)))
    engine.close()
    return answers, backend, meter


texts = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=60)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(texts, st.just("bad\x00")), max_size=40), st.integers(1, 9))
def test_what_the_cheap_model_is_sure_of_is_its_own_and_the_rest_the_encoders(
    contents: list[str], window: int
) -> None:
    answers, backend, meter = answers_of(contents, 0.8, window)
    assert [answer.id for answer in answers] == [str(i) for i in range(len(contents))]
    for text, answer in zip(contents, answers, strict=True):
        if "\x00" in text:
            assert isinstance(answer, Fault)
            continue
        row = a_model().probabilities(CountingBackend().tokenize([text[:40]]))[0]
        cheap = Prediction(
            answer.id or "", "abc"[row.argmax()], float(row[row.argmax()]), Stage.CHEAP
        )
        encoder = Prediction(answer.id or "", "a", 0.5, Stage.ENCODER)
        assert answer == (cheap if row.max() >= 0.8 else encoder)
    assert backend.longest <= ARTIFACT.max_tokens
    assert meter.documents == len(contents)
    assert meter.errors == contents.count("bad\x00")
    assert meter.tokens == sum(min(len(t), 8) for t in contents if "\x00" not in t)


@settings(deadline=None, max_examples=30)
@given(st.lists(texts, max_size=30), st.floats(0.1, 3), st.floats(0.1, 3))
def test_where_the_encoder_is_asked_both_stages_have_their_say(
    contents: list[str], encoder: float, cheap: float
) -> None:
    weights = PoolWeights(encoder, cheap)
    answers, _, _ = answers_of(contents, 1.1, pool=weights)
    for text, answer in zip(contents, answers, strict=True):
        row = a_model().probabilities(CountingBackend().tokenize([text[:40]]))[0]
        expected = np.maximum(ENCODER, 1e-9) ** encoder * row**cheap
        expected /= expected.sum()
        assert isinstance(answer, Prediction)
        assert answer.stage is Stage.ENCODER
        assert answer.score == pytest.approx(expected.max(), rel=1e-3)
        assert expected["abc".index(answer.label)] == pytest.approx(expected.max(), rel=1e-3)


def test_a_pool_without_weights_is_the_encoder_bit_for_bit() -> None:
    encoder = np.random.default_rng(1).dirichlet([1, 1, 1], 50).astype(np.float32)
    cheap = np.random.default_rng(2).dirichlet([1, 1, 1], 50).astype(np.float32)
    np.testing.assert_array_equal(pooled(cheap, encoder, PoolWeights()), encoder)


def test_a_threshold_that_nothing_reaches_leaves_all_to_the_encoder() -> None:
    answers, _, _ = answers_of(["some", "texts"], 1.1)
    assert [a.stage for a in answers if isinstance(a, Prediction)] == [Stage.ENCODER] * 2


def test_the_artifact_says_whether_there_is_a_cascade(tmp_path: Path) -> None:
    assert Cascade.load(replace(ARTIFACT, cascade=None), tmp_path) is None
    with pytest.raises(ArtifactError, match=r"cascade\.npz"):
        Cascade.load(ARTIFACT, tmp_path)
    a_model(classes=2).save(tmp_path / "cascade.npz")
    with pytest.raises(ArtifactError, match="2 classes, the artifact 3"):
        Cascade.load(ARTIFACT, tmp_path)
