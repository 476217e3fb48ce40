"""What a version's evidence says of it."""

from __future__ import annotations

from include.domain.errors import ObjectMissing, PromotionRefused
from include.domain.release.verdict import VERDICT_FILE, Verdict, parse_verdict
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.promotion.promotion_ports import PublishedVersion


def refuse_failed_gates(
    version: PublishedVersion, evidence_uri: str, objects: ObjectStore
) -> Verdict:
    """Return the verdict, if it is of this artifact and says that it passed.

    Raises:
        PromotionRefused: there is no verdict, it is of another artifact, or a gate failed; the
            message says which and by how much.
    """
    model = version.model
    uri = f"{evidence_uri.rstrip('/')}/{VERDICT_FILE}"
    try:
        verdict = parse_verdict(objects.read_text(uri), source=uri)
    except (ObjectMissing, ValueError) as exc:
        raise PromotionRefused(f"{model.label}: {exc}") from exc
    if (verdict.model_name, verdict.digest) != (model.name, model.digest):
        raise PromotionRefused(
            f"{model.label}: {uri} judges {verdict.model_name}@{verdict.version} with digest "
            f"{verdict.digest[:12]}, not {model.digest[:12]}"
        )
    if not verdict.passed:
        failures = "; ".join(verdict.failures) or "no gate was passed"
        raise PromotionRefused(f"{model.label} failed its gates: {failures}")
    return verdict
