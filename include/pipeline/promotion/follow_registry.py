"""A champion that someone moved in the registry itself: followed if it may be, put back if not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.domain.errors import EndpointUnavailable, PromotionRefused, UnknownModelAlias
from include.domain.promotion.alias import Alias
from include.domain.promotion.promotion import (
    FOLLOWER,
    UNKNOWN_HAND,
    Promotion,
    PromotionKind,
    champions,
)
from include.pipeline.promotion.move_champion import TAG_PREFIX, move_champion
from include.pipeline.promotion.promote_model import PromotionPorts, bring_into_service
from include.pipeline.promotion.promotion_ports import PublishedVersion
from include.pipeline.promotion.read_evidence import refuse_failed_gates


def follow_registry(model_name: str, ports: PromotionPorts) -> Promotion | None:
    """Settle a model's champion with its history; None where they agree.

    A version is followed if it was champion before, or if the evidence recorded on it says that
    it passed its gates beside the champion that there is, and if its endpoints come up and answer.
    Any other is put back, and the reason is written on it as a tag. The first champion of a history
    is taken as it is found.

    Raises:
        PromotionRefused: the champion was moved again meanwhile; ask again.
    """
    history = ports.book.history(model_name)
    found = ports.registry.aliases(model_name).get(Alias.CHAMPION)
    line = champions(history)
    known = line[-1] if line else None
    if found == known:
        return None
    settle = _Settlement(model_name, found, history, ports)
    if known is None:
        return settle.adopted()
    if found is None:
        return settle.put_back(known, "the alias was taken away")
    try:
        version = ports.registry.published(model_name, found)
        reason = _judge(version, known, history, ports)
        bring_into_service(version, known, ports)
    except (PromotionRefused, EndpointUnavailable, UnknownModelAlias) as exc:
        return settle.put_back(known, str(exc))
    return settle.followed(version, known, reason)


def _judge(
    version: PublishedVersion, known: str, history: Sequence[Promotion], ports: PromotionPorts
) -> str:
    """Return why a version may be champion, or refuse it."""
    if version.model.version in {row.to_version for row in history}:
        return "moved by hand to a version that was champion before"
    if not version.evidence_uri:
        raise PromotionRefused(
            f"{version.model.label} was made champion by hand, and no release has judged it"
        )
    if not version.evidence_uri.startswith(f"s3://{ports.models_bucket}/"):
        raise PromotionRefused(
            f"{version.model.label}: its evidence {version.evidence_uri} is none of a release's, "
            f"which stand in {ports.models_bucket}"
        )
    verdict = refuse_failed_gates(version, version.evidence_uri, ports.objects)
    if verdict.against != known:
        raise PromotionRefused(
            f"{version.model.label} was judged against version {verdict.against or 'none'}, but "
            f"the champion is version {known}: release again"
        )
    return "moved by hand to a version that has passed its gates"


@dataclass(frozen=True, slots=True)
class _Settlement:
    """How a champion that the history does not know is settled with it."""

    model_name: str
    found: str | None
    history: Sequence[Promotion]
    ports: PromotionPorts

    def adopted(self) -> Promotion | None:
        """Begin a history; a model that was never published is not ours to keep one of."""
        if self.found is None:
            return None
        try:
            version = self.ports.registry.published(self.model_name, self.found)
        except UnknownModelAlias:
            return None
        return self.followed(version, None, "the champion as it was found")

    def followed(self, version: PublishedVersion, known: str | None, reason: str) -> Promotion:
        """Record what was done by hand."""
        return self._move(
            Promotion(
                model_name=self.model_name,
                kind=PromotionKind.FOLLOWED,
                from_version=known,
                to_version=version.model.version,
                by=UNKNOWN_HAND,
                reason=reason,
                evidence_uri=version.evidence_uri,
                at=self.ports.now(),
            )
        )

    def put_back(self, known: str, reason: str) -> Promotion:
        """Point the alias where the history has it, then write the reason on what was refused.

        Raises:
            PromotionRefused: the champion was moved meanwhile, so that nothing was refused.
            UnknownModelAlias: the version that the history has was deleted from the registry.
        """
        at, registry = self.ports.now(), self.ports.registry
        done = self._move(
            Promotion(
                model_name=self.model_name,
                kind=PromotionKind.REVERTED,
                from_version=self.found,
                to_version=known,
                by=FOLLOWER,
                reason=reason,
                evidence_uri=registry.published(self.model_name, known).evidence_uri,
                at=at,
            )
        )
        if self.found is not None:
            message = f"{at.isoformat(timespec='seconds')} {reason}"
            registry.tag_version(self.model_name, self.found, {TAG_PREFIX + "refused": message})
        return done

    def _move(self, promotion: Promotion) -> Promotion:
        return move_champion(
            promotion, seen=self.history, registry=self.ports.registry, book=self.ports.book
        )
