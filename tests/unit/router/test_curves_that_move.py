"""A lane that has changed is told from chance."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from include.domain.alerts import AlertKind
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.moved import LEAST_KNOWN, NEWEST, move_of
from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.lanes import Lane
from include.pipeline.curves.watch_curves import watch_curves
from tests.support.batches import NOW, profile
from tests.support.fakes.alerts import FakeAlertBook
from tests.support.fakes.curves import FakeCurveBook

LANE = profile(Lane.TRANSFORM, cold_start_s=400, tokens_per_s=200_000)
ASSUMED = LaneCurve.assumed(LANE, "news-topic")


def history(seed: str, *factors: float, noise: float = 0.15) -> list[LaneObservation]:
    """Batches in order of time, each `factor` times as slow as the lanes file's lane."""
    random = Random(seed)  # noqa: S311
    found = []
    for number, factor in enumerate(factors):
        documents = random.choice((2_000, 20_000, 200_000))
        load = Load(documents * random.choice((50, 500)), documents)
        seconds = LANE.latency_s(load.tokens) * factor * random.lognormvariate(0, noise)
        if random.random() < 0.02:
            seconds *= 5
        found.append(
            LaneObservation(
                f"{number:04d}", ASSUMED.key, load, seconds, seconds, False, 0, 0.0,
                NOW + timedelta(hours=number),
            )
        )  # fmt: skip
    return found


def newest_first(batches: list[LaneObservation]) -> list[LaneObservation]:
    return batches[::-1]


@pytest.mark.parametrize("factor", [0.5, 1.6, 3.0])
def test_a_lane_that_has_changed_is_seen_within_ten_batches(factor: float) -> None:
    found = [
        move_of(ASSUMED, newest_first(history(str(seed), *[1.0] * 60, *[factor] * NEWEST)))
        for seed in range(20)
    ]
    moves = [move for move in found if move is not None]
    assert len(moves) >= 19
    for move in moves:
        assert move.ratio == pytest.approx(factor, rel=0.25)
        assert move.known == 60


def test_a_lane_that_stays_as_it_is_hardly_ever_rings() -> None:
    rung = 0
    for seed in range(60):
        batches = history(str(seed), *[1.7] * 80)
        rung += any(
            move_of(ASSUMED, newest_first(batches[: until + 1])) for until in range(20, 80, 10)
        )
    assert rung <= 1


def test_a_lanes_file_that_was_wrong_is_no_change_of_the_lane() -> None:
    few = newest_first(history("1", *[4.0] * (LEAST_KNOWN + NEWEST - 1)))
    assert move_of(ASSUMED, few) is None
    assert move_of(ASSUMED, newest_first(history("1", *[4.0] * 100))) is None


def test_failed_batches_and_other_models_are_left_out() -> None:
    batches = newest_first(history("1", *[1.0] * 60, *[3.0] * NEWEST))
    other = LaneCurve.assumed(LANE, "ticket-urgency")
    assert move_of(other, batches) is None


def test_a_curve_that_has_moved_is_posted_once_and_names_what_to_do() -> None:
    book, alerts = FakeCurveBook(), FakeAlertBook()
    book.observe(history("1", *[1.0] * 60, *[2.0] * NEWEST))
    book.keep(ASSUMED)
    book.keep(LaneCurve.assumed(profile(Lane.SPOT), "news-topic"))
    (move,) = watch_curves(profiles=[LANE], now=NOW, book=book, alerts=alerts)
    assert move.key == CurveKey(Lane.TRANSFORM, LANE.instance_type, "news-topic")
    (alert,) = alerts.posted
    assert alert.kind is AlertKind.CURVE_MOVED
    assert alert.subject == f"news-topic/transform/{LANE.instance_type}"
    assert "calibrate_lanes" in alert.next_step
