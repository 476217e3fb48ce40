"""The history of a model's champion: who moved it, when, why, and what a rollback goes back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

UNKNOWN_HAND = "someone, by the registry"
"""Who moved an alias that no use case of ours has moved: the registry does not say."""

FOLLOWER = "follow_registry"
WATCHER = "watch_promotions"
"""The use cases that return a champion by themselves: a move by hand, and one that rings."""


class PromotionKind(StrEnum):
    """How the champion came to be what it is.

    PROMOTED: asked for, and deployed first. ROLLED_BACK: returned to an earlier champion.
    FOLLOWED: moved by hand in the registry, and its evidence allows it. REVERTED: moved by hand,
    and put back.
    """

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    FOLLOWED = "followed"
    REVERTED = "reverted"


_RETURNS = frozenset({PromotionKind.ROLLED_BACK, PromotionKind.REVERTED, PromotionKind.FOLLOWED})
"""What takes the line of champions back, where the version is in it."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One row of the history.

    Attributes:
        model_name: registered model.
        from_version: what the alias pointed to before; None where it did not exist.
        to_version: what it points to since.
        by: who decided: a user of the orchestrator or the command line, or a use case of ours.
        reason: why, in a sentence.
        evidence_uri: S3 prefix of what speaks for it, or empty.
        at: timezone-aware.
    """

    model_name: str
    kind: PromotionKind
    from_version: str | None
    to_version: str
    by: str
    reason: str
    evidence_uri: str
    at: datetime


def champions(history: Sequence[Promotion]) -> tuple[str, ...]:
    """Return the champions a rollback could go back through, oldest first, the present one last.

    A rollback, a move that was put back, or one by hand to an earlier champion takes the line back
    to the version it returned to: two rollbacks go two versions back, and none goes forward to what
    was rolled back.

    Args:
        history: of one model, oldest first.
    """
    line: list[str] = []
    for row in history:
        if row.kind in _RETURNS and row.to_version in line:
            while line[-1] != row.to_version:
                line.pop()
        elif line[-1:] != [row.to_version]:
            line.append(row.to_version)
    return tuple(line)


def is_return(promotion: Promotion, before: Sequence[Promotion]) -> bool:
    """Whether a promotion went back to an earlier champion of the history before it."""
    return promotion.kind in _RETURNS and promotion.to_version in champions(before)


def rollback_target(history: Sequence[Promotion], champion: str | None) -> str | None:
    """Return the version a rollback goes to; None where the history knows none.

    Args:
        champion: what the alias points to now. Where someone moved it by hand and the history does
            not know yet, going back means going to the champion that the history knows.
    """
    line = champions(history)
    if line and line[-1] != champion:
        return line[-1]
    return line[-2] if len(line) > 1 else None
