"""PromotionBook on PostgreSQL: movers of one model take turns by an advisory lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from include.adapters.postgres.batches.read_store import storable
from include.adapters.postgres.database import Database
from include.adapters.postgres.queries import query
from include.domain.promotion.promotion import Promotion, PromotionKind


class PostgresPromotionBook:
    """Table `model_promotions`. Schema: `include/sql/migrations/0009_model_promotions.sql`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(self, model_name: str) -> Sequence[Promotion]:
        """Return a model's history, oldest first; see `PromotionBook.history`."""
        with self._database.transaction(f"promotions of {model_name}") as connection:
            return _history(connection, model_name)

    @contextmanager
    def turn(self, model_name: str) -> Iterator[PostgresTurn]:
        """Hold the model's lock for the block; see `PromotionBook.turn`."""
        with self._database.transaction(f"promoting {model_name}") as connection:
            connection.execute(query("lock_model_promotions"), {"model_name": model_name})
            yield PostgresTurn(connection, model_name)


class PostgresTurn:
    """`Turn` within one transaction."""

    def __init__(self, connection: Any, model_name: str) -> None:
        self._connection = connection
        self._model_name = model_name

    def history(self) -> Sequence[Promotion]:
        """See `Turn.history`."""
        return _history(self._connection, self._model_name)

    def record(self, promotion: Promotion) -> None:
        """See `Turn.record`."""
        values = {**asdict(promotion), "kind": promotion.kind.value}
        values["reason"], values["by"] = storable(promotion.reason), storable(promotion.by)
        self._connection.execute(query("add_model_promotion"), values)


def _history(connection: Any, model_name: str) -> Sequence[Promotion]:
    rows = connection.execute(query("model_promotions"), {"model_name": model_name}).fetchall()
    return [promotion_of(row) for row in rows]


def promotion_of(row: Sequence[Any]) -> Promotion:
    """Return the promotion of a row, its columns as in `model_promotions.sql`."""
    model_name, kind, *rest = row
    return Promotion(model_name, PromotionKind(kind), *rest)
