"""Make a version the champion: judged, deployed and tried before the alias moves.

Nothing else moves `champion`. A batch that has pinned its version is left alone; each version has
endpoints of its own, so a batch that starts a moment later finds the new one in service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.errors import PromotionRefused, UnknownModelAlias
from include.domain.model_ref import ModelRef
from include.domain.promotion.alias import Alias
from include.domain.promotion.promotion import Promotion, PromotionKind, champions
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.promotion.move_champion import move_champion, show_history
from include.pipeline.promotion.promotion_ports import (
    AliasRegistry,
    EndpointLane,
    PromotionBook,
    PublishedVersion,
)
from include.pipeline.promotion.read_evidence import refuse_failed_gates
from include.pipeline.promotion.smoke_test import smoke_test


@dataclass(frozen=True, slots=True)
class PromotionRequest:
    """A version that is to be champion.

    Attributes:
        by: who decided.
        reason: why, in a sentence.
        evidence_uri: S3 prefix that holds a `verdict.json` on this version; empty for what its own
            release found. A version that has been through none is promoted without, which the
            history then says.
        overrules_gates: whether an operator promotes it without evidence, whatever its release
            found; the history then names none.
    """

    model_name: str
    version: str
    by: str
    reason: str
    evidence_uri: str = ""
    overrules_gates: bool = False


@dataclass(frozen=True, slots=True)
class PromotionPorts:
    """What promoting needs of the world.

    Attributes:
        lanes: those that keep endpoints, the one that a rollback waits for first.
        models_bucket: what releases and comparisons alone write to, their evidence included.
        now: the time, timezone-aware.
        report: is told what is being done.
    """

    registry: AliasRegistry
    book: PromotionBook
    objects: ObjectStore
    lanes: Sequence[EndpointLane]
    models_bucket: str
    now: Callable[[], datetime]
    report: Callable[[str], None]


def promote_model(request: PromotionRequest, ports: PromotionPorts) -> Promotion:
    """Make a version the champion; asking again for what is so changes nothing.

    Raises:
        UnknownModelAlias: no such version, or it was never published.
        PromotionRefused: its gates failed, its evidence is of another artifact, or one of its
            endpoints answers wrongly; asking again would say the same.
        EndpointUnavailable: an endpoint does not come up, or does not answer.
    """
    version = ports.registry.published(request.model_name, request.version)
    evidence_uri = request.evidence_uri
    if not request.overrules_gates:
        evidence_uri = evidence_uri or version.evidence_uri
    if evidence_uri:
        refuse_failed_gates(version, evidence_uri, ports.objects)
    champion = ports.registry.aliases(request.model_name).get(Alias.CHAMPION)
    history = ports.book.history(request.model_name)
    if champion == request.version and history and history[-1].to_version == champion:
        show_history(request.model_name, ports.registry, ports.book)
        return history[-1]
    line = champions(history)
    # Pointed to already: what moved it died before it was recorded.
    before = (line[-1] if line else None) if champion == request.version else champion
    bring_into_service(version, before, ports)
    return move_champion(
        Promotion(
            model_name=request.model_name,
            kind=PromotionKind.PROMOTED,
            from_version=before,
            to_version=request.version,
            by=request.by,
            reason=request.reason,
            evidence_uri=evidence_uri,
            at=ports.now(),
        ),
        seen=history,
        registry=ports.registry,
        book=ports.book,
    )


def bring_into_service(
    version: PublishedVersion, champion: str | None, ports: PromotionPorts
) -> None:
    """Deploy a version on every lane that keeps an endpoint for the champion, and try each.

    The first lane is always one of them; for a champion that was deleted from the registry it is
    the only one, and the others make their endpoint when a batch asks for it.

    Raises:
        PromotionRefused: an endpoint answers wrongly, or its alarms ring.
        EndpointUnavailable: an endpoint does not come up, or does not answer.
    """
    before = _still_published(version.model.name, champion, ports) if champion else None
    for number, lane in enumerate(ports.lanes):
        about = f"{version.model.label} on the {lane.lane.value} lane"
        if number > 0 and not (before and lane.is_kept(before)):
            continue
        ports.report(f"deploying {about}")
        name = lane.deploy(version.model, artifact_url=version.artifact_url)
        smoke_test(lane, version)
        if ringing := lane.ringing(version.model):
            raise PromotionRefused(f"{about}: {'; '.join(ringing)}")
        ports.report(f"endpoint {name} answers")


def _still_published(name: str, version: str, ports: PromotionPorts) -> ModelRef | None:
    try:
        return ports.registry.published(name, version).model
    except UnknownModelAlias:  # deleted: what takes its place must not depend on it
        return None
