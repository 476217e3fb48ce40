"""Delete what SageMaker keeps of versions that nobody needs.

Artifacts in S3 stay: a version that is asked for again is deployed again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from include.domain.errors import EndpointUnavailable
from include.domain.promotion.retirement import (
    DeployedVersion,
    Retirement,
    Usage,
    VersionKey,
    decide_retirement,
)
from include.pipeline.promotion.promotion_ports import AliasRegistry, PromotionBook


class DeployedVersions(Protocol):
    """What SageMaker keeps of versions: models, endpoint configurations, endpoints."""

    def find(self) -> Sequence[DeployedVersion]:
        """Return every version of ours with anything left.

        Raises:
            EndpointUnavailable: SageMaker does not say.
        """
        ...

    def delete(self, key: VersionKey) -> None:
        """Delete all of a version: scaling, endpoints, alarms, configurations, models; idempotent.

        Raises:
            EndpointUnavailable: something could not be deleted; asking again goes on.
        """
        ...


class VersionUsage(Protocol):
    """What batches and comparisons use. In Aurora."""

    def pinned(self) -> Sequence[VersionKey]:
        """Return the versions that running batches and comparisons have pinned."""
        ...

    def last_used(self) -> Mapping[VersionKey, datetime]:
        """Return when a batch last closed, by its version."""
        ...


@dataclass(frozen=True, slots=True)
class RetirementPorts:
    """What retiring needs of the world."""

    deployed: DeployedVersions
    usage: VersionUsage
    registry: AliasRegistry
    book: PromotionBook
    now: Callable[[], datetime]


def retire_versions(ports: RetirementPorts, *, grace_s: float) -> list[Retirement]:
    """Delete what nobody needs; return the decision on every version that was found.

    Each is decided on just before it goes: deleting takes minutes, in which a person may promote,
    roll back to or submit to the next one.

    Raises:
        EndpointUnavailable: some could not be deleted; the others have been.
    """
    found = ports.deployed.find()  # first: what is made from now on is not looked at
    decisions: list[Retirement] = []
    failures: list[str] = []
    for each in found:
        decision = decide_retirement(
            each,
            Usage(_named(ports.registry), ports.usage.pinned(), ports.usage.last_used()),
            ports.book.history(each.key.model_name),
            now=ports.now(),
            grace=timedelta(seconds=grace_s),
        )
        decisions.append(decision)
        if decision.is_retired:
            try:
                ports.deployed.delete(decision.key)
            except EndpointUnavailable as exc:
                failures.append(str(exc))
    if failures:
        raise EndpointUnavailable(" | ".join(failures))
    return decisions


def _named(registry: AliasRegistry) -> Mapping[VersionKey, list[str]]:
    named: dict[VersionKey, list[str]] = {}
    for name in registry.model_names():
        for alias, version in registry.aliases(name).items():
            named.setdefault(VersionKey(name, version), []).append(alias)
    return named
