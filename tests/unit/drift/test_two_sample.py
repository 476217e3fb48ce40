"""Two samples compared: how often chance is taken for a difference, and which ones are found."""

from __future__ import annotations

import numpy as np
import pytest

from include.domain.drift.features import Feature
from include.domain.drift.sketch import merged
from include.pipeline.drift.two_sample import differences
from tests.support.drifting import EVEN, VECTORS, days, sketch

ALL = {Feature.LENGTH, Feature.SCORE, Feature.LABELS, Feature.VOCABULARY, Feature.EMBEDDING}


@pytest.fixture(scope="module")
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def test_chance_is_called_a_difference_no_more_often_than_its_level(
    random: np.random.Generator,
) -> None:
    pool = days(random, 60, 80)
    small: dict[Feature, int] = dict.fromkeys(ALL, 0)
    rounds = 150
    for _ in range(rounds):
        *reference, current = (pool[i] for i in random.choice(len(pool), 6, replace=False))
        for feature, found in differences(reference, [current]).items():
            small[feature] += found.p_value <= 0.05

    # 150 rounds at 5 % give 7.5; more than 15 would have a chance of 0.3 %.
    assert set(small) == ALL
    assert max(small.values()) <= 15, small


@pytest.mark.parametrize("feature", [Feature.VOCABULARY, Feature.EMBEDDING, Feature.SCORE])
def test_another_topic_is_found(random: np.random.Generator, feature: Feature) -> None:
    reference = days(random, 5, 100)

    found = differences(reference, [sketch(random, 100, {"Else": 1.0})])[feature]

    assert found.p_value < 1e-4
    assert found.effect > 0.25


def test_other_shares_of_labels_are_found(random: np.random.Generator) -> None:
    reference = days(random, 5, 100)

    found = differences(reference, [sketch(random, 200, {"Sports": 0.9, "World": 0.1})])

    # Five days tell little of how much two labels' shares vary from day to day.
    assert found[Feature.LABELS].p_value < 1e-2
    assert found[Feature.LABELS].effect > 0.25
    assert found[Feature.LENGTH].p_value > 1e-3


def test_days_that_differ_among_themselves_make_a_difference_less_sure(
    random: np.random.Generator,
) -> None:
    pool = []
    for share in random.beta(6, 6, size=40):
        pool.append(sketch(random, 80, {"Sports": share, "World": 1 - share}))
    sure = {"days": 0, "one sample": 0}
    for _ in range(60):
        *reference, current = (pool[i] for i in random.choice(len(pool), 7, replace=False))
        for name, before in (("days", reference), ("one sample", [merged(reference)])):
            found = differences(before, [current])[Feature.LABELS]
            sure[name] += found.p_value <= 0.05

    assert sure["days"] <= 9, "60 at 5 %: more would have a chance of 0.2 %"
    assert sure["one sample"] >= 15, "assumed to be as alike as most, every fourth looks sure"


def test_what_only_one_side_has_is_not_compared(random: np.random.Generator) -> None:
    from include.pipeline.drift.document_features import WatchedDocument, feature_rows

    unanswered = feature_rows([WatchedDocument("common1 common2")] * 60).sketch()

    found = differences([unanswered], [sketch(random, 60, EVEN)])

    assert set(found) == {Feature.LENGTH, Feature.VOCABULARY}


@pytest.mark.parametrize(
    "text", ["common1", "common1 common2 sport3", "sport1 sport2 world3 else4"]
)
@pytest.mark.parametrize("count", [50, 57, 60, 83])
def test_documents_that_are_all_alike_are_no_error(text: str, count: int) -> None:
    from include.pipeline.drift.document_features import WatchedDocument, feature_rows

    documents = [WatchedDocument(text, "Sports", 0.9)] * count
    same = feature_rows(documents, VECTORS).sketch()
    other = feature_rows(documents[1:], VECTORS).sketch()

    found = differences([same, other], [same])

    assert set(found) == ALL
    assert {each.p_value for each in found.values()} == {1.0}
