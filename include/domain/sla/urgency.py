"""Which of several batches goes first where both wait: the one that is due first."""

from __future__ import annotations

from datetime import UTC, datetime

_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_MOST = 2**31 - 1
"""What a scheduler's column holds; some 68 years of seconds."""


def priority_weight(deadline_at: datetime) -> int:
    """Return a priority for a batch's tasks: the earlier it is due, the higher.

    It is the same however late it is asked for, so that what waits is ordered whenever it came, and
    nothing waits for ever: what comes later is due later. It is negative, and so behind what has
    an ordinary weight: short tasks that no batch should hold up.
    """
    seconds = int((deadline_at - _SINCE).total_seconds())
    return -min(max(seconds, 1), _MOST)
