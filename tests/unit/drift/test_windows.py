"""Which days are judged, and against which."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from include.domain.drift.policy import DriftPolicy, Source
from include.domain.drift.windows import FIRST_NIGHTS, Day, windows_of
from tests.support.drifting import sketch

POLICY = DriftPolicy(min_documents=50, reference_days=3, reference_documents=100, window_days=7)
FIRST = date(2026, 3, 1)
RANDOM = np.random.default_rng(0)
TRAINING = sketch(RANDOM, 10)


def day(number: int, documents: int = 60) -> Day:
    return Day(FIRST + timedelta(days=number), sketch(RANDOM, documents))


def night(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_a_new_account_is_compared_with_the_training_data() -> None:
    found = windows_of([day(0), day(1)], night(1), TRAINING, POLICY)

    assert found is not None
    assert found.source is Source.TRAINING
    assert found.reference == (TRAINING,)
    assert {length: len(sketches) for length, sketches in found.current.items()} == {1: 1, 7: 2}


def test_its_own_first_days_take_over_once_they_are_enough() -> None:
    days = [day(number) for number in range(4)]

    found = windows_of(days, night(3), TRAINING, POLICY)

    assert found is not None
    assert found.source is Source.OWN
    assert found.reference == tuple(each.sketch for each in days[:3])
    assert list(found.current) == [1]


def test_enough_is_days_and_documents_and_the_night_itself_is_none_of_them() -> None:
    few = [day(number, 20) for number in range(8)]

    assert windows_of(few[:3], night(2), None, POLICY) is None
    found = windows_of(few, night(7), None, POLICY)
    assert found is not None
    assert len(found.reference) == 5
    assert found.current.keys() == {7}, "20 documents of one night are too few to judge"


def test_what_is_watched_never_becomes_the_reference_of_an_account_that_began_small() -> None:
    small = [day(number, 1) for number in range(FIRST_NIGHTS)]
    grown = [day(number) for number in range(100, 107)]

    found = windows_of([*small, *grown], night(106), TRAINING, POLICY)

    assert found is not None
    assert found.source is Source.TRAINING
    assert found.current[7] == tuple(each.sketch for each in grown)


def test_the_longer_window_leaves_out_the_reference_and_what_is_old() -> None:
    days = [day(number) for number in (0, 1, 2, 3, 9, 10, 14)]

    found = windows_of(days, night(14), TRAINING, POLICY)

    assert found is not None
    assert found.current[7] == tuple(each.sketch for each in days[4:])


def test_nothing_to_judge_or_to_compare_with() -> None:
    assert windows_of([day(0)], night(0), None, POLICY) is None
    assert windows_of([day(0)], night(1), TRAINING, POLICY) is None, "nothing came tonight"
    assert windows_of([day(0, 10)], night(0), TRAINING, POLICY) is None, "too little came"
    assert windows_of([], night(0), TRAINING, POLICY) is None


def test_later_days_do_not_change_what_a_night_found() -> None:
    days = [day(number) for number in range(9)]

    assert windows_of(days, night(5), TRAINING, POLICY) == windows_of(
        days[:6], night(5), TRAINING, POLICY
    )
