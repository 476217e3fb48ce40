"""What is due first goes first, and nothing before what has an ordinary weight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from include.domain.sla.urgency import priority_weight

DEADLINES = st.integers(-(10**8), 100 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(DEADLINES, DEADLINES)
def test_what_is_due_first_is_never_behind(first: datetime, second: datetime) -> None:
    weights = [priority_weight(each) for each in sorted((first, second))]

    assert weights[0] >= weights[1]
    assert all(-(2**31) < weight < 0 for weight in weights)


def test_a_second_makes_a_difference() -> None:
    due_at = datetime(2026, 3, 1, tzinfo=UTC)

    assert priority_weight(due_at) > priority_weight(due_at + timedelta(seconds=1))
