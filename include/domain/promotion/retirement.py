"""Which versions' endpoints and models nobody needs any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.domain.promotion.promotion import Promotion


@dataclass(frozen=True, slots=True)
class VersionKey:
    """A registered version."""

    model_name: str
    version: str

    @property
    def label(self) -> str:
        """Short form for people, as `ModelRef.label`."""
        return f"{self.model_name}@{self.version}"


@dataclass(frozen=True, slots=True)
class DeployedVersion:
    """A version with anything left on SageMaker.

    Attributes:
        made_at: when the youngest of its models, configurations and endpoints was made.
    """

    key: VersionKey
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Retirement:
    """A decision on one version; `reason` says why it stays or goes."""

    key: VersionKey
    is_retired: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Who needs which version.

    Attributes:
        aliases: names of the aliases that point to a version.
        pinned: versions that running batches and comparisons have pinned.
        used_at: when a batch last closed, by its version.
    """

    aliases: Mapping[VersionKey, Collection[str]]
    pinned: Collection[VersionKey]
    used_at: Mapping[VersionKey, datetime]


def decide_retirement(
    deployed: DeployedVersion,
    usage: Usage,
    history: Sequence[Promotion],
    *,
    now: datetime,
    grace: timedelta,
) -> Retirement:
    """Return whether a version goes: none may name it, pin it, or have used it within the grace.

    Args:
        history: of the version's model.
    """
    key = deployed.key
    if names := usage.aliases.get(key):
        return Retirement(key, False, f"named {', '.join(sorted(names))}")
    if key in usage.pinned:
        return Retirement(key, False, "pinned by a batch or comparison under way")
    moves = [row.at for row in history if key.version in (row.from_version, row.to_version)]
    uses = [usage.used_at[key]] if key in usage.used_at else []
    last = max([deployed.made_at, *moves, *uses])
    since = f"unused since {last.isoformat(timespec='seconds')}"
    if now - last < grace:
        return Retirement(key, False, f"{since}, which is within the grace of {grace}")
    return Retirement(key, True, since)
