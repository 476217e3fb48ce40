"""Instances, their metrics, and the book of looks and savings, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from include.adapters.aws.sagemaker.deployed_versions import version_of
from include.domain.errors import EndpointUnavailable
from include.domain.gpus.idleness import Finding, IdlePolicy, Point, Readings
from include.domain.gpus.resources import HeldInstances
from include.domain.gpus.savings import Action, Saving
from include.domain.promotion.retirement import VersionKey
from include.pipeline.gpus.ports import RunningBatch, SavedLine


def flat(value: float, *, until: datetime, minutes: int = 20) -> list[Point]:
    """A metric that stood at one value for so many whole minutes."""
    first = until.replace(second=0, microsecond=0) - timedelta(minutes=minutes)
    return [Point(first + timedelta(minutes=n), value, value) for n in range(minutes)]


class FakeInstances:
    """What stands in `things`; what was done to it in `done`."""

    def __init__(self, *things: HeldInstances, refuses: str = "") -> None:
        self.things = list(things)
        self.done: list[tuple[str, Action]] = []
        self._refuses = refuses

    def held(self) -> Sequence[HeldInstances]:
        return list(self.things)

    def version(self, resource: HeldInstances) -> VersionKey | None:
        return version_of(resource.resource_id)

    def release(self, resource: HeldInstances, action: Action) -> None:
        if resource.resource_id == self._refuses:
            raise EndpointUnavailable(f"{resource.resource_id}: Throttled: later")
        self.done.append((resource.resource_id, action))


class FakeGpuMetrics:
    """Readings by name."""

    def __init__(self, readings: Mapping[str, Readings]) -> None:
        self._readings = readings

    def readings(self, resource: HeldInstances, policy: IdlePolicy, now: datetime) -> Readings:
        return self._readings[resource.resource_id]


class FakeGpuBook:
    """Samples in `samples`, savings in `savings` by id."""

    def __init__(self, *batches: RunningBatch) -> None:
        self.batches = list(batches)
        self.samples: list[tuple[str, float | None]] = []
        self.savings: dict[str, Saving] = {}

    def running(self) -> Sequence[RunningBatch]:
        return self.batches

    def add_samples(self, findings: Sequence[Finding], *, at: datetime, is_emulated: bool) -> None:
        self.samples += [(each.resource.resource_id, each.utilisation) for each in findings]

    def open_savings(self) -> Sequence[Saving]:
        return [each for each in self.savings.values() if each.ended_at is None]

    def put_saving(self, saving: Saving) -> None:
        self.savings[saving.saving_id] = saving

    def saved(self, first: date, last: date) -> Sequence[SavedLine]:
        return [
            SavedLine(each.reason, 1, each.list_saved_usd, each.is_emulated)
            for each in self.savings.values()
            if first <= each.at.date() <= last
        ]


class FakeReleases:
    """Releases that are open, and versions that are registered."""

    def __init__(self, open_ids: Collection[str] = (), versions: Collection[str] = ()) -> None:
        self._open_ids = set(open_ids)
        self._versions = set(versions)

    def open_releases(self, release_ids: Collection[str]) -> set[str]:
        return self._open_ids & set(release_ids)

    def has_version(self, key: VersionKey) -> bool:
        return key.label in self._versions
