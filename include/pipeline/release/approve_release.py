"""From a person's answer to the promotion that it allows, or to what the version then says."""

from __future__ import annotations

import json
from datetime import datetime

from include.domain.errors import PromotionRefused
from include.domain.model_ref import ModelRef
from include.domain.promotion.alias import Alias
from include.domain.release.verdict import VERDICT_FILE, parse_verdict
from include.pipeline.promotion.promote_model import PromotionRequest
from include.pipeline.promotion.promotion_ports import AliasRegistry
from include.pipeline.release.evidence import Evidence

REJECTED_TAG = "twolane.release.rejected"


def approved_promotion(
    evidence: Evidence, registry: AliasRegistry, *, by: str, reason: str
) -> PromotionRequest:
    """Return the promotion of what a release proposed.

    Raises:
        PromotionRefused: the champion is no longer the one that the release was judged against;
            the gates have said nothing of the one that is.
    """
    verdict = json.loads(evidence.read(VERDICT_FILE))
    name, version = verdict["model"]["name"], verdict["model"]["version"]
    against = evidence.plan().champion_version
    champion = registry.aliases(name).get(Alias.CHAMPION)
    if champion not in (against, version):
        raise PromotionRefused(
            f"{name}@{version} was judged against version {against or 'none'}, but champion is "
            f"version {champion or 'none'} by now: release again"
        )
    return PromotionRequest(name, version, by=by, reason=reason, evidence_uri=evidence.folder)


def note_rejection(
    evidence: Evidence, registry: AliasRegistry, *, by: str, reason: str, at: datetime
) -> ModelRef:
    """Write on what a release proposed that it was not approved, by whom and why; return it.

    Raises:
        UnknownModelAlias: the version has been deleted since.
    """
    judged = json.loads(evidence.read(VERDICT_FILE))["model"]
    model = ModelRef(judged["name"], judged["version"], judged["digest"])
    said = f"{at.isoformat(timespec='seconds')} by {by}: {reason}"
    registry.tag_version(model.name, model.version, {REJECTED_TAG: said})
    return model


def failed_gates(evidence: Evidence) -> tuple[str, ...]:
    """Return a sentence of each gate that the release failed, with by how much."""
    verdict = parse_verdict(evidence.read(VERDICT_FILE), source=evidence.verdict_uri)
    return verdict.failures
