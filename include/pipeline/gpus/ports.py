"""What watching over GPUs needs of the world."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from include.domain.gpus.idleness import Finding, IdlePolicy, Readings
from include.domain.gpus.resources import HeldInstances
from include.domain.gpus.savings import Action, Saving, SavingReason
from include.domain.lanes import Lane
from include.domain.promotion.retirement import VersionKey


@dataclass(frozen=True, slots=True)
class RunningBatch:
    """A batch under way; `lane` is None until it is placed."""

    batch_id: str
    version: VersionKey
    lane: Lane | None


@dataclass(frozen=True, slots=True)
class SavedLine:
    """What was saved for one reason; USD at list price, and no bill where it is emulated."""

    reason: SavingReason
    actions: int
    list_saved_usd: float
    is_emulated: bool


class Instances(Protocol):
    """Instances of ours on SageMaker. Every method may raise `EndpointUnavailable`."""

    def held(self) -> Sequence[HeldInstances]:
        """Return every endpoint of ours, and every job of ours under way."""
        ...

    def version(self, resource: HeldInstances) -> VersionKey | None:
        """Return the version that an endpoint serves, by its name; None where it says none."""
        ...

    def release(self, resource: HeldInstances, action: Action) -> None:
        """Take instances away: scale an endpoint, delete it, stop a job. Idempotent."""
        ...


class GpuMetrics(Protocol):
    """CloudWatch, as far as instances go. May raise `EndpointUnavailable`."""

    def readings(self, resource: HeldInstances, policy: IdlePolicy, now: datetime) -> Readings:
        """Return what a resource did in the time that the policy looks back."""
        ...


class GpuBook(Protocol):
    """Looks and savings. In Aurora. Every method may raise `StoreError`."""

    def running(self) -> Sequence[RunningBatch]:
        """Return the batches under way."""
        ...

    def add_samples(self, findings: Sequence[Finding], *, at: datetime, is_emulated: bool) -> None:
        """Keep what was seen."""
        ...

    def open_savings(self) -> Sequence[Saving]:
        """Return the savings that are still counted."""
        ...

    def put_saving(self, saving: Saving) -> None:
        """Keep a saving, or how far one that stands is counted by now."""
        ...

    def saved(self, first: date, last: date) -> Sequence[SavedLine]:
        """Return what was saved by what was done from one day to another, UTC, by reason."""
        ...


class Releases(Protocol):
    """Which releases and versions there are. In MLflow. May raise `RegistryUnavailable`."""

    def open_releases(self, release_ids: Collection[str]) -> set[str]:
        """Return those of the releases that are under way."""
        ...

    def has_version(self, key: VersionKey) -> bool:
        """Whether the registry has a version."""
        ...
