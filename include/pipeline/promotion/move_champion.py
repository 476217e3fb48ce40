"""The one place where the alias `champion` moves, together with the history and what MLflow shows.

A move is recorded in the transaction around it. What dies between the alias and the record leaves
an alias that the history does not know; `follow_registry` settles it like a move made by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.domain.errors import PromotionRefused
from include.domain.promotion.alias import Alias
from include.domain.promotion.promotion import Promotion, champions
from include.pipeline.promotion.promotion_ports import AliasRegistry, PromotionBook

TAG_PREFIX = "twolane.promotion."


def move_champion(
    promotion: Promotion,
    *,
    seen: Sequence[Promotion],
    registry: AliasRegistry,
    book: PromotionBook,
) -> Promotion:
    """Point `champion` and `previous` as a promotion says, and record it.

    Args:
        seen: the model's history, oldest first, that the promotion was decided on.

    Returns:
        The promotion as recorded; another's, where it has made the same version champion since.

    Raises:
        PromotionRefused: the champion or its history is no longer what this was decided on.
    """
    name, version = promotion.model_name, promotion.to_version
    with book.turn(name) as turn:
        champion, history = registry.aliases(name).get(Alias.CHAMPION), list(turn.history())
        is_done = history != list(seen) and history[-1].to_version == champion == version
        if not is_done:
            if history != list(seen) or champion not in (promotion.from_version, version):
                raise PromotionRefused(
                    f"{name}: version {champion} became champion while it was decided to have "
                    f"{version} in place of {promotion.from_version}"
                )
            history.append(promotion)
            turn.record(promotion)
            registry.point(name, Alias.CHAMPION, version)
    show_history(name, registry, book)
    return history[-1]


def show_history(name: str, registry: AliasRegistry, book: PromotionBook) -> None:
    """Have MLflow show what the history says: `previous`, and tags of both versions; idempotent.

    In a turn of its own, of what the history says by then: another may have moved the champion
    since the move that is to be shown.
    """
    with book.turn(name) as turn:
        _show(name, turn.history(), registry)


def _show(name: str, history: Sequence[Promotion], registry: AliasRegistry) -> None:
    line = champions(history)
    if len(line) > 1:
        registry.point(name, Alias.PREVIOUS, line[-2])
    else:
        registry.drop(name, Alias.PREVIOUS)
    latest = history[-1]
    if registry.aliases(name).get(Alias.CHALLENGER) == latest.to_version:
        registry.drop(name, Alias.CHALLENGER)
    registry.tag_version(name, latest.to_version, promotion_tags(latest))
    if latest.from_version not in (None, latest.to_version):
        registry.tag_version(name, latest.from_version, {TAG_PREFIX + "left": describe(latest)})
    registry.tag_model(name, {TAG_PREFIX + "latest": describe(latest)})


def promotion_tags(promotion: Promotion) -> Mapping[str, str]:
    """Return the tags that a version carries for how it became champion."""
    return {
        TAG_PREFIX + "kind": promotion.kind.value,
        TAG_PREFIX + "at": promotion.at.isoformat(timespec="seconds"),
        TAG_PREFIX + "by": promotion.by,
        TAG_PREFIX + "from": promotion.from_version or "none",
        TAG_PREFIX + "reason": promotion.reason,
        TAG_PREFIX + "evidence": promotion.evidence_uri or "none",
    }


def describe(promotion: Promotion) -> str:
    """Return a promotion as one line for a person."""
    return (
        f"{promotion.at.isoformat(timespec='seconds')} {promotion.kind.value} "
        f"{promotion.from_version or 'none'} → {promotion.to_version} by {promotion.by}: "
        f"{promotion.reason}"
    )
