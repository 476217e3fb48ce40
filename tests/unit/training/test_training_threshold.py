"""The cascade's threshold: the test behind it is exact, and what it lets through is bounded."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from include.models.training.non_inferiority import (
    NUISANCE_ERROR,
    is_contradicted,
    loss_bound,
    p_value,
)
from include.models.training.threshold import (
    THRESHOLDS,
    Evidence,
    Right,
    choose_cascade,
    choose_threshold,
)


def test_where_the_two_never_differ_it_is_the_binomial_test() -> None:
    # Without a helpful document ever, no harmful one among n has the probability (1 - margin)^n;
    # the worst rate of helpful ones within the confidence set can only add to it.
    assert p_value(0, 0, 6000, 0.002) >= binom.pmf(0, 6000, 0.002)
    assert p_value(0, 0, 6000, 0.002) <= binom.pmf(0, 6000, 0.002) + 2 * NUISANCE_ERROR


@pytest.mark.parametrize(("documents", "helpful_rate"), [(3000, 0.0), (3000, 0.003), (5500, 0.012)])
def test_a_loss_of_the_margin_is_passed_no_more_often_than_it_says(
    documents: int, helpful_rate: float
) -> None:
    margin, trials = 0.002, 1000
    rates = [helpful_rate + margin, helpful_rate, 1 - 2 * helpful_rate - margin]
    drawn = np.random.default_rng(3).multinomial(documents, rates, size=trials)
    pairs, counts = np.unique(drawn[:, :2], axis=0, return_counts=True)
    passed = sum(
        int(count)
        for (harmful, helpful), count in zip(pairs, counts, strict=True)
        if p_value(int(harmful), int(helpful), documents, margin) <= 0.05
    )
    assert passed <= binom.ppf(0.999, trials, 0.05)


@pytest.mark.parametrize(("harmful", "helpful"), [(43, 56), (73, 93), (110, 120)])
def test_of_many_documents_it_says_little_less_than_the_normal_approximation(
    harmful: int, helpful: int
) -> None:
    documents, margin = 6000, 0.002
    z = (harmful - helpful - documents * margin) / math.sqrt(harmful + helpful)
    assert norm.cdf(z) < p_value(harmful, helpful, documents, margin) < 1.5 * norm.cdf(z)


@pytest.mark.parametrize(("harmful", "helpful"), [(0, 0), (5, 3), (12, 12)])
def test_harm_raises_the_bound_and_documents_lower_it(harmful: int, helpful: int) -> None:
    here = loss_bound(harmful, helpful, 5000, 0.95)
    assert here >= (harmful - helpful) / 5000
    assert p_value(harmful, helpful, 5000, here) <= 0.05
    assert loss_bound(harmful + 3, helpful, 5000, 0.95) > here
    assert loss_bound(harmful, helpful, 10_000, 0.95) < here


@pytest.mark.parametrize(
    ("harmful", "helpful", "documents", "is_ruled_out"),
    [
        (10, 0, 400, True),  # 2.5 points lost of 0.2 allowed
        (3, 0, 400, False),  # 0.75 points, which chance makes of 0.2 now and then
        (60, 52, 1500, False),
        (80, 40, 1500, True),
        (0, 9, 400, False),
        (0, 0, 400, False),
    ],
)
def test_few_documents_speak_against_a_large_loss_alone(
    harmful: int, helpful: int, documents: int, is_ruled_out: bool
) -> None:
    assert is_contradicted(harmful, helpful, documents, 0.002, 0.95) is is_ruled_out


def test_a_loss_of_the_margin_is_contradicted_no_more_often_than_it_says() -> None:
    documents, margin, trials = 400, 0.002, 1000
    rates = [0.012, 0.010, 0.978]
    drawn = np.random.default_rng(4).multinomial(documents, rates, size=trials)
    pairs, counts = np.unique(drawn[:, :2], axis=0, return_counts=True)
    contradicted = sum(
        int(count)
        for (harmful, helpful), count in zip(pairs, counts, strict=True)
        if is_contradicted(int(harmful), int(helpful), documents, margin, 0.95)
    )
    assert contradicted <= binom.ppf(0.999, trials, 0.05)


def chosen(
    documents: int, harmful_below: float, encoder: np.ndarray | None = None
) -> Evidence | None:
    """Even confidences; under `harmful_below` the cheap stage is wrong, the encoder never."""
    confidences = np.linspace(0.0, 1.0, documents, dtype=np.float32)
    alone = np.full(documents, True) if encoder is None else encoder
    right = Right(confidences >= harmful_below, alone, alone)
    return choose_threshold(confidences, right, 0.002, 0.95)


def test_the_search_ends_before_the_cheap_stage_harms() -> None:
    found = chosen(10_000, 0.6)
    assert found is not None
    assert 0.59 <= found.threshold <= 0.6
    assert found.loss_bound <= 0.002
    assert found.answered == pytest.approx(1 - found.threshold, abs=0.001)
    assert found.helpful == 0


def test_a_cheap_stage_that_is_better_answers_everything() -> None:
    found = chosen(3000, 0.0, np.arange(3000) % 5 > 0)
    assert found is not None
    assert found.answered == pytest.approx(1, abs=0.02)
    assert found.threshold == THRESHOLDS[-1]


@pytest.mark.parametrize("documents", [100, 1000])
def test_too_few_documents_are_no_evidence(documents: int) -> None:
    assert chosen(documents, 0.0) is None


def test_a_cheap_stage_that_is_never_sure_is_no_cascade() -> None:
    unsure, right = np.zeros(5000, dtype=np.float32), np.full(5000, True)
    assert choose_threshold(unsure, Right(right, right, right), 0.002, 0.95) is None


def test_what_the_pool_wins_lets_the_cheap_stage_answer_more() -> None:
    confidences = np.linspace(0.0, 1.0, 10_000, dtype=np.float32)
    numbers = np.arange(10_000)
    encoder = numbers % 10 > 0  # wrong on a tenth, anywhere
    cheap = encoder & (numbers % 100 != 55)  # and on one in a hundred more
    alone = choose_threshold(confidences, Right(cheap, encoder, encoder), 0.002, 0.95)
    better = encoder | (numbers % 20 == 0)  # half of the encoder's errors
    pool = choose_threshold(confidences, Right(cheap, better, encoder), 0.002, 0.95)
    assert alone is not None
    assert pool is not None
    assert pool.threshold < alone.threshold
    assert pool.helpful > 0
    assert pool.loss_bound <= 0.002


def test_a_pool_that_gains_nothing_leaves_the_encoder_to_answer_alone() -> None:
    confidences = np.linspace(0.0, 1.0, 5000, dtype=np.float32)
    numbers = np.arange(5000)
    encoder = numbers % 10 > 0
    other = (encoder & (numbers % 80 != 7)) | (numbers % 80 == 0)  # as good, wrong elsewhere
    right = Right(np.where(confidences > 0.6, encoder, False), other, encoder)
    assert choose_threshold(confidences, right, 0.002, 0.95) is None
    found = choose_cascade(confidences, right, 0.002, 0.95)
    assert found is not None
    evidence, is_pooled = found
    assert not is_pooled
    assert evidence.answered == pytest.approx(0.4, abs=0.02)
    assert (evidence.confidence, evidence.harmful) == (0.95, 0)


def test_both_ways_share_the_error_that_is_allowed() -> None:
    """Whoever looks twice at the full level is wrong more often than asked for."""
    confidences, right = np.ones(1), np.array([True])
    for documents in range(1500, 3200, 20):
        many = np.ones(documents, dtype=np.float32), Right(*[np.full(documents, True)] * 3)
        if choose_cascade(*many, 0.002, 0.95):
            break
    assert choose_threshold(*many, 0.002, 0.975) is not None
    fewer = documents - 20
    assert (
        choose_threshold(confidences.repeat(fewer), Right(*[right.repeat(fewer)] * 3), 0.002, 0.975)
        is None
    )
    assert choose_threshold(
        confidences.repeat(fewer), Right(*[right.repeat(fewer)] * 3), 0.002, 0.95
    )
