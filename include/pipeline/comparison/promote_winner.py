"""Make the challenger champion on the evidence of the comparison it has just been through."""

from __future__ import annotations

from include.domain.errors import PromotionRefused
from include.domain.promotion.alias import Alias
from include.domain.promotion.promotion import Promotion
from include.pipeline.comparison.ports import ComparisonBook
from include.pipeline.promotion.promote_model import PromotionPorts, PromotionRequest, promote_model
from include.pipeline.promotion.read_evidence import refuse_failed_gates


def promote_winner(
    model_name: str, *, by: str, book: ComparisonBook, ports: PromotionPorts
) -> Promotion:
    """Promote the challenger of a model's last comparison.

    It must have been found better or equivalent, have passed the gates of its release where it has
    been through any, and the champion must still be the one it was compared with.

    Raises:
        PromotionRefused: one of these does not hold, or no comparison has ended; and as
            `promote_model` does.
        UnknownModelAlias: the version is no longer published.
        EndpointUnavailable: an endpoint does not come up, or does not answer.
    """
    comparison = book.latest(model_name)
    if comparison is None or comparison.ending is None or not comparison.evidence_uri:
        raise PromotionRefused(f"{model_name}: no comparison has ended and been reported")
    if book.running(model_name) is not None:
        raise PromotionRefused(f"{model_name}: a comparison still runs; stop it or let it end")
    challenger, about = comparison.challenger, f"comparison {comparison.comparison_id}"
    champion = ports.registry.aliases(model_name).get(Alias.CHAMPION)
    if champion not in (comparison.champion.version, challenger.version):
        raise PromotionRefused(
            f"{challenger.label}: {about} was with version {comparison.champion.version}, and the "
            f"champion is version {champion} now"
        )
    version = ports.registry.published(model_name, challenger.version)
    if version.evidence_uri:
        refuse_failed_gates(version, version.evidence_uri, ports.objects)
    return promote_model(
        PromotionRequest(
            model_name,
            challenger.version,
            by=by,
            reason=f"{about}, {comparison.ending.finding.value}: {comparison.ending.reason}",
            evidence_uri=comparison.evidence_uri,
        ),
        ports,
    )
