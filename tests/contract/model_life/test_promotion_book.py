"""PromotionBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from include.adapters.postgres.database import Database
from include.adapters.postgres.models.promotion_book import PostgresPromotionBook
from include.domain.errors import RegistryUnavailable
from include.domain.promotion.promotion import Promotion, PromotionKind
from include.pipeline.promotion.promotion_ports import PromotionBook
from tests.support.fakes.promotions import FakePromotionBook

AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


def move(to: str, came_from: str | None = None, name: str = "topic") -> Promotion:
    return Promotion(
        name, PromotionKind.PROMOTED, came_from, to, "ada", "it is better", "s3://m/r/", AT
    )


@pytest.fixture(params=["fake", "postgres"])
def book(request: pytest.FixtureRequest) -> Iterator[PromotionBook]:
    if request.param == "fake":
        yield FakePromotionBook()
        return
    database = Database(request.getfixturevalue("product_database_url"))
    yield PostgresPromotionBook(database)
    database.close()


def test_what_was_recorded_is_the_history_oldest_first(book: PromotionBook) -> None:
    with book.turn("topic") as turn:
        turn.record(move("1"))
    with book.turn("topic") as turn:
        assert turn.history() == [move("1")]
        turn.record(move("2", "1"))
    with book.turn("other") as turn:
        turn.record(move("7", name="other"))

    assert book.history("topic") == [move("1"), move("2", "1")]
    assert book.history("nothing") == []


def test_a_turn_that_ends_badly_records_nothing(book: PromotionBook) -> None:
    def move_without_a_registry() -> None:
        with book.turn("topic") as turn:
            turn.record(move("1"))
            raise RegistryUnavailable("away")

    with pytest.raises(RegistryUnavailable):
        move_without_a_registry()
    assert book.history("topic") == []


def test_movers_of_one_model_go_one_at_a_time(product_database_url: str) -> None:
    seen: list[int] = []

    def promote(version: str) -> None:
        database = Database(product_database_url)
        with PostgresPromotionBook(database).turn("topic") as turn:
            seen.append(len(turn.history()))
            turn.record(move(version))
        database.close()

    first, entered, leave = Database(product_database_url), threading.Event(), threading.Event()

    def hold() -> None:
        with PostgresPromotionBook(first).turn("topic") as turn:
            entered.set()
            assert leave.wait(30)
            turn.record(move("1"))
        first.close()

    holder = threading.Thread(target=hold)
    waiting = threading.Thread(target=promote, args=("2",))
    holder.start()
    assert entered.wait(30)
    waiting.start()
    promote_other = Database(product_database_url)
    with PostgresPromotionBook(promote_other).turn("other"):
        leave.set()
    promote_other.close()
    holder.join(30)
    waiting.join(30)

    assert seen == [1]
