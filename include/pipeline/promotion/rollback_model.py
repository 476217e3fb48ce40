"""Go back to the champion before: at once for every lane, since its endpoints still stand.

Planned first and done second, so that doing it again never goes two versions back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.domain.errors import PromotionRefused
from include.domain.promotion.alias import Alias
from include.domain.promotion.promotion import Promotion, PromotionKind, rollback_target
from include.pipeline.promotion.move_champion import move_champion, show_history
from include.pipeline.promotion.promote_model import PromotionPorts
from include.pipeline.promotion.smoke_test import smoke_test


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """From which version to which; `from_version` is None where the alias was taken away."""

    model_name: str
    from_version: str | None
    to_version: str


def plan_rollback(model_name: str, ports: PromotionPorts) -> RollbackPlan:
    """Return what a rollback would do now.

    Raises:
        UnknownModelAlias: no such model.
        PromotionRefused: the history knows no version to go back to.
    """
    champion = ports.registry.aliases(model_name).get(Alias.CHAMPION)
    return plan_from(model_name, champion, ports.book.history(model_name))


def plan_from(model_name: str, champion: str | None, history: Sequence[Promotion]) -> RollbackPlan:
    """Return what a rollback would do from a champion and a history that were read before.

    Raises:
        PromotionRefused: the history knows no version to go back to.
    """
    target = rollback_target(history, champion)
    if target is None:
        raise PromotionRefused(
            f"{model_name}: no version to go back to, version {champion} is the first champion"
        )
    return RollbackPlan(model_name, champion, target)


def rollback_model(plan: RollbackPlan, *, by: str, reason: str, ports: PromotionPorts) -> Promotion:
    """Carry a plan out; once it is, doing it again changes nothing.

    Only the first lane is tried, with a real call: it answers within seconds, while an
    asynchronous endpoint that sleeps would take minutes to wake, and was tried when its version
    was promoted.

    Raises:
        PromotionRefused: the earlier version answers wrongly, or the champion has changed since.
        EndpointUnavailable: its endpoint does not answer; the alias has not moved.
    """
    history = ports.book.history(plan.model_name)
    champion = ports.registry.aliases(plan.model_name).get(Alias.CHAMPION)
    if champion == plan.to_version and history and history[-1].to_version == champion:
        show_history(plan.model_name, ports.registry, ports.book)
        return history[-1]
    version = ports.registry.published(plan.model_name, plan.to_version)
    lane = ports.lanes[0]
    lane.deploy(version.model, artifact_url=version.artifact_url)
    smoke_test(lane, version)
    ports.report(f"{version.model.label} answers on the {lane.lane.value} lane")
    evidence = [row.evidence_uri for row in history if row.to_version == plan.to_version]
    return move_champion(
        Promotion(
            model_name=plan.model_name,
            kind=PromotionKind.ROLLED_BACK,
            from_version=plan.from_version,
            to_version=plan.to_version,
            by=by,
            reason=reason,
            evidence_uri=evidence[-1] if evidence else "",
            at=ports.now(),
        ),
        seen=history,
        registry=ports.registry,
        book=ports.book,
    )
