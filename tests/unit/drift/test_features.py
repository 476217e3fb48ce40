"""What is watched of a document, and how bins become few and comparable."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.drift.bins import by_label, grouped, population_stability_index
from include.domain.drift.features import (
    LENGTH_BINS,
    SCORE_BINS,
    length_bin,
    length_of_bin,
    score_bin,
    vocabulary_vector,
    words,
)
from include.domain.drift.sketch import Moments, merged
from include.pipeline.drift.document_features import WatchedDocument, feature_rows
from tests.support.drifting import VECTORS


@given(st.integers(0, 10**7))
def test_a_length_is_in_the_first_bin_that_is_long_enough(characters: int) -> None:
    found = length_bin(characters)

    assert 0 <= found < LENGTH_BINS
    if found < LENGTH_BINS - 1:
        assert characters <= length_of_bin(found) + 1
    if found:
        assert characters > length_of_bin(found - 1) - 1


@given(st.floats(0, 1))
def test_scores_have_their_bins_in_order(score: float) -> None:
    assert 0 <= score_bin(score) < SCORE_BINS
    assert score_bin(score) >= score_bin(score / 2)


def test_words_are_of_the_texts_head_and_have_one_vector_everywhere() -> None:
    assert words("The END, the end. Übung_2!") == {"the", "end", "übung", "2"}
    assert words("a " * 5_000 + "tail") == {"a"}
    vector = vocabulary_vector({"the", "end"})
    assert math.isclose(sum(value**2 for value in vector), 1)
    assert vector[(0x3C456DE6 >> 1) % len(vector)] != 0, "crc32 of 'the', the same on every machine"
    assert set(vocabulary_vector([])) == {0.0}


def test_the_index_is_what_the_textbook_says() -> None:
    before, now = [500, 300, 200], [400, 300, 300]

    found = population_stability_index(before, now)

    expected = -0.1 * math.log(0.4 / 0.5) + 0.1 * math.log(0.3 / 0.2)
    assert found == pytest.approx(expected, rel=0.01)
    assert population_stability_index(before, before) == 0
    assert math.isfinite(population_stability_index([10, 0], [0, 10]))


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40).filter(sum))
def test_groups_hold_every_document_and_are_ten_or_a_few(counts: list[int]) -> None:
    (found, other) = grouped(counts, [counts, counts[::-1]])

    assert sum(found) == sum(counts) == sum(other)
    assert len(found) == len(other) <= 11


def test_a_group_ends_where_a_tenth_of_the_reference_does() -> None:
    (found,) = grouped([1] * 100, [[1] * 100])

    assert found == [10] * 10


def test_rare_labels_share_a_group_and_a_new_one_counts() -> None:
    rows = by_label([{"a": 900, "b": 99, "c": 1}, {"a": 90, "b": 9, "d": 1}])
    assert rows == [[900, 99, 1], [90, 9, 1]]

    rows = by_label([{"a": 500, "b": 500}, {"a": 50, "new": 50}])
    assert rows == [[500, 500, 0], [50, 0, 50]]


def test_sketches_add_up_to_that_of_all_documents() -> None:
    documents = [WatchedDocument(f"word{n} common{n % 5}", "ab"[n % 2], 0.9) for n in range(9)]
    documents.append(WatchedDocument("refused by the model"))

    parts = [feature_rows(part, VECTORS).sketch() for part in (documents[:4], documents[4:])]
    whole = feature_rows(documents, VECTORS).sketch()

    total = merged(parts)
    assert (total.documents, total.lengths, total.labels) == (10, whole.lengths, {"a": 5, "b": 4})
    assert sum(total.scores) == 9
    assert total.vocabulary.sums == pytest.approx(whole.vocabulary.sums)
    assert total.embedding is not None
    assert whole.embedding is not None
    assert total.embedding.products == pytest.approx(whole.embedding.products)


def test_an_embedding_that_one_part_lacks_is_unknown_of_the_whole() -> None:
    with_it = feature_rows([WatchedDocument("common1")], VECTORS).sketch()
    without = feature_rows([WatchedDocument("common1")]).sketch()

    assert (with_it + without).embedding is None


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="products"):
        Moments((1.0, 2.0), (1.0,))
    with pytest.raises(ValueError, match="nothing"):
        merged([])
    with pytest.raises(ValueError, match="no document"):
        feature_rows([])
