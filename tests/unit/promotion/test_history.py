"""What a rollback goes back to, whatever has happened before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.promotion.promotion import (
    Promotion,
    PromotionKind,
    champions,
    rollback_target,
)

KINDS = {"p": "promoted", "r": "rolled_back", "f": "followed", "v": "reverted"}


def history(*moves: str) -> list[Promotion]:
    """Rows from moves as `p2`: promoted to version 2."""
    at = datetime(2026, 11, 2, tzinfo=UTC)
    return [
        Promotion("m", PromotionKind(KINDS[move[0]]), None, move[1:], "ada", "", "", at)
        for move in moves
    ]


@pytest.mark.parametrize(
    ("moves", "line"),
    [
        ((), ""),
        (("p1",), "1"),
        (("p1", "p2", "p3"), "123"),
        (("p1", "p2", "r1"), "1"),
        (("p1", "p2", "r1", "p3"), "13"),
        (("p1", "p2", "p3", "r2", "r1"), "1"),
        (("p1", "p2", "p1"), "121"),
        (("p1", "p2", "p1", "r2"), "12"),
        (("f1", "p2", "v2"), "12"),
        (("f1", "p2", "f3"), "123"),
        (("p1", "p2", "p3", "f2"), "12"),
        (("p1", "p1"), "1"),
    ],
)
def test_the_line_of_champions(moves: tuple[str, ...], line: str) -> None:
    assert "".join(champions(history(*moves))) == line


def test_a_rollback_goes_to_the_champion_before() -> None:
    assert rollback_target(history("p1", "p2"), "2") == "1"


def test_a_second_rollback_never_goes_forward_to_what_was_rolled_back() -> None:
    assert rollback_target(history("p1", "p2", "p3", "r2"), "2") == "1"


def test_the_first_champion_cannot_go_back() -> None:
    assert rollback_target(history("p1"), "1") is None
    assert rollback_target([], "1") is None


def test_going_back_from_a_move_by_hand_is_to_the_champion_that_is_known() -> None:
    assert rollback_target(history("p1", "p2"), "9") == "2"
    assert rollback_target(history("p1", "p2"), None) == "2"


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_rolling_back_as_often_as_one_can_ends_at_the_first_champion(versions: list[int]) -> None:
    rows = history(*(f"p{version}" for version in versions))
    seen = list(champions(rows))
    while (target := rollback_target(rows, champions(rows)[-1])) is not None:
        rows += history(f"r{target}")
        seen.pop()
        assert list(champions(rows)) == seen
    assert champions(rows) == (str(versions[0]),)
