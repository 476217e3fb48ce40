"""What promoting a model needs of the world beside `include.pipeline.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from include.domain.lanes import Lane
from include.domain.model_ref import ModelCard, ModelRef
from include.domain.promotion.promotion import Promotion


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version as the registry holds it, ready to serve.

    Attributes:
        artifact_url: S3 URI of the served archive.
        evidence_uri: S3 prefix of what its release found; empty where it has none.
    """

    model: ModelRef
    artifact_url: str
    card: ModelCard
    evidence_uri: str


class AliasRegistry(Protocol):
    """MLflow, as far as aliases and what is shown beside them go."""

    def model_names(self) -> list[str]:
        """Return every registered model."""
        ...

    def aliases(self, name: str) -> Mapping[str, str]:
        """Return the version by alias. Raises `UnknownModelAlias` where there is no such model."""
        ...

    def published(self, name: str, version: str) -> PublishedVersion:
        """Return a version. Raises `UnknownModelAlias` where it is none, or is not published."""
        ...

    def point(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version; the same again changes nothing."""
        ...

    def drop(self, name: str, alias: str) -> None:
        """Take an alias away, if it is there."""
        ...

    def tag_model(self, name: str, tags: Mapping[str, str]) -> None:
        """Set tags of a registered model."""
        ...

    def tag_version(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        """Set tags of a version."""
        ...


class Turn(Protocol):
    """One mover's turn at a model's history."""

    def history(self) -> Sequence[Promotion]:
        """Return the model's history, oldest first."""
        ...

    def record(self, promotion: Promotion) -> None:
        """Add a row; it stands once the turn has ended well."""
        ...


class PromotionBook(Protocol):
    """Who made which version champion, when, why. In Aurora."""

    def history(self, model_name: str) -> Sequence[Promotion]:
        """Return a model's history, oldest first."""
        ...

    def turn(self, model_name: str) -> AbstractContextManager[Turn]:
        """Wait for the turn to move a model's champion; movers of one model go one at a time.

        What the block records stands if it ends without an error, and not at all otherwise.
        """
        ...


class EndpointLane(Protocol):
    """A lane that keeps an endpoint for a version. Jobs keep none and follow an alias at once."""

    @property
    def lane(self) -> Lane:
        """Which lane."""
        ...

    def is_kept(self, model: ModelRef) -> bool:
        """Whether the lane has, or is making, an endpoint of the version."""
        ...

    def deploy(self, model: ModelRef, *, artifact_url: str) -> str:
        """Return the version's endpoint once it is in service, its alarms set; idempotent.

        Raises:
            EndpointUnavailable: it failed, or is not in service in time.
        """
        ...

    def answer(self, model: ModelRef, body: bytes) -> bytes:
        """Have the version's endpoint answer request lines, as a batch's would be.

        Raises:
            EndpointUnavailable: it does not, or not in time.
        """
        ...

    def ringing(self, model: ModelRef) -> Sequence[str]:
        """Return why the version's alarms ring, a sentence each; empty where none does.

        Raises:
            EndpointUnavailable: the alarms cannot be read.
        """
        ...
