"""A young promotion whose endpoints ring their alarms is rolled back."""

from __future__ import annotations

from datetime import timedelta

from include.domain.errors import EndpointUnavailable, PromotionRefused
from include.domain.promotion.alias import Alias
from include.domain.promotion.promotion import WATCHER, Promotion, PromotionKind, is_return
from include.pipeline.promotion.promote_model import PromotionPorts
from include.pipeline.promotion.rollback_model import plan_from, rollback_model

_WATCHED = frozenset({PromotionKind.PROMOTED, PromotionKind.FOLLOWED})


def watch_promotion(model_name: str, *, watch_s: float, ports: PromotionPorts) -> Promotion | None:
    """Roll a model's champion back if it is young and an alarm of it rings; else return None.

    A first champion is left: there is nothing to go back to. So is one that somebody has gone back
    to. A champion that the history does not know is for `follow_registry`.

    Args:
        watch_s: seconds after a promotion in which an alarm counts.

    Raises:
        PromotionRefused: an alarm rings, and the champion cannot go back; both are told.
        EndpointUnavailable: the alarms cannot be read.
    """
    history = ports.book.history(model_name)
    champion = ports.registry.aliases(model_name).get(Alias.CHAMPION)
    if not history or history[-1].to_version != champion:
        return None
    latest = history[-1]
    is_young = ports.now() - latest.at < timedelta(seconds=watch_s)
    if latest.kind not in _WATCHED or latest.from_version is None or not is_young:
        return None
    if is_return(latest, history[:-1]):
        return None
    model = ports.registry.published(model_name, latest.to_version).model
    ringing = [each for lane in ports.lanes if lane.is_kept(model) for each in lane.ringing(model)]
    if not ringing:
        return None
    why = "; ".join(ringing)
    try:
        plan = plan_from(model_name, champion, history)  # of what was looked at, not of now
        return rollback_model(plan, by=WATCHER, reason=why, ports=ports)
    except (PromotionRefused, EndpointUnavailable) as exc:
        raise PromotionRefused(f"{model.label} cannot be rolled back: {exc} ({why})") from exc
