"""CurveBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from include.adapters.postgres.database import Database
from include.adapters.postgres.lanes.curve_book import PostgresCurveBook
from include.domain.curves.document_limits import DocumentLimit
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.lanes import Lane
from include.pipeline.curves.ports import CurveBook, Exploration
from tests.support.batches import profile
from tests.support.fakes.curves import FakeCurveBook

AT = datetime(2026, 3, 1, tzinfo=UTC)
LANE = profile(Lane.SPOT)
KEY = CurveKey(Lane.SPOT, LANE.instance_type, "news-topic")


def seen(number: int, key: CurveKey = KEY) -> LaneObservation:
    load = Load(1_000 * (number + 1), 10, 2, 1)
    at = AT + timedelta(minutes=number)
    return LaneObservation(f"b-{number}/{key.lane}", key, load, 10.5, 21, False, 1, 20.0, at)


@pytest.fixture(params=["fake", "postgres"])
def book(request: pytest.FixtureRequest) -> Iterator[CurveBook]:
    if request.param == "fake":
        yield FakeCurveBook()
        return
    database = Database(request.getfixturevalue("product_database_url"))
    yield PostgresCurveBook(database)
    database.close()


def test_observations_are_kept_once_and_read_latest_first(book: CurveBook) -> None:
    book.observe([seen(0), seen(1)])
    book.observe([replace(seen(1), latency_s=99.0), seen(2)])
    assert book.latest(KEY, 10) == [seen(2), seen(1), seen(0)]
    assert book.latest(KEY, 1) == [seen(2)]
    assert book.latest(KEY, 1, before=seen(2).seen_at) == [seen(1)]
    book.observe([])


def test_curves_are_of_their_own_lane_hardware_and_model(book: CurveBook) -> None:
    other = replace(KEY, model_name="ticket-urgency")
    book.observe([seen(0), seen(5, other)])
    assert book.latest(other, 10) == [seen(5, other)]
    mine, theirs = (LaneCurve.assumed(LANE, key.model_name) for key in (KEY, other))
    book.keep(mine)
    book.keep(theirs)
    assert list(book.curves("news-topic")) == [mine]
    learned = mine.learned([seen(0)])
    book.keep(learned)
    assert list(book.curves("news-topic")) == [learned]
    assert list(book.curves("none")) == []
    assert list(book.curve_keys()) == [KEY, other]


def test_limits_are_of_a_curve_and_stay_when_it_is_fitted_anew(book: CurveBook) -> None:
    limits = (DocumentLimit(32, None), DocumentLimit(256, 900))
    book.keep_limits(KEY, limits)
    assert list(book.curves("news-topic")) == [], "none without a curve"
    curve = LaneCurve.assumed(LANE, "news-topic")
    book.keep(curve)
    book.keep_limits(KEY, limits)
    assert list(book.curves("news-topic")) == [replace(curve, limits=limits)]
    learned = curve.learned([seen(0)])
    book.keep(learned)
    assert list(book.curves("news-topic")) == [replace(learned, limits=limits)]
    book.keep_limits(KEY, limits[:1])
    assert list(book.curves("news-topic")) == [replace(learned, limits=limits[:1])]


def test_without_placements_nothing_was_spent(book: CurveBook) -> None:
    assert book.exploration(AT) == Exploration(0.0, 0.0)
    assert Exploration(10.0, 0.15).left_usd(0.02) == pytest.approx(0.05)
    assert Exploration(10.0, 0.5).left_usd(0.02) == 0
