"""What one step leaves for the next, as small JSON objects beside the batch's shards.

Tasks hand each other a batch id alone; what a step learned is read from here, so that a retry
or a later step never depends on the process that came before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter

from include.domain.batches.manifests import BatchManifest, Shard
from include.domain.errors import RecordUnreadable
from include.domain.fingerprints import Fingerprint
from include.domain.lanes import Lane
from include.domain.money.costs import Capacity, Waste
from include.domain.placement.routing import Placement
from include.pipeline.batch.expectations import merge_results
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.quality import ExpectationResult

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Validation:
    """What validation found.

    Attributes:
        shards: the clean shards; a shard without a valid document is absent.
        quarantined_count: documents set aside.
        results: expectations, merged over the shards.
    """

    shards: tuple[Shard, ...]
    quarantined_count: int
    results: tuple[ExpectationResult, ...]

    @property
    def document_count(self) -> int:
        """Valid documents."""
        return sum(shard.document_count for shard in self.shards)

    @property
    def token_estimate(self) -> int:
        """Estimated tokens of the valid documents."""
        return sum(shard.token_estimate for shard in self.shards)


@dataclass(frozen=True, slots=True)
class LaneRun:
    """One piece of paid work for the batch: an endpoint's or a job's time on its instances.

    A batch may have several: attempts, instances that were lost, spot and then on demand.

    Attributes:
        billable_s: instance seconds that are billed, over all instances; None where that is the
            whole period on every instance.
        capacity: spot or on demand.
        waste_s: the part of the billable seconds that gave no prediction, by reason.
        cold_start_s: seconds the batch waited for capacity to start that are not billed.
        lane: what it ran on; saved as the placement's unless it is given.
        waited_s: seconds from the request until `started_at`.
    """

    resource_id: str
    instance_type: str
    instance_count: int
    started_at: datetime
    ended_at: datetime
    billable_s: float | None = None
    capacity: Capacity = Capacity.ON_DEMAND
    waste_s: Mapping[Waste, float] = field(default_factory=dict)
    cold_start_s: float = 0.0
    lane: Lane | None = None
    waited_s: float = 0.0

    @property
    def held_s(self) -> float:
        """Instance seconds of the whole period, over all instances."""
        return (self.ended_at - self.started_at).total_seconds() * self.instance_count

    @property
    def billed_s(self) -> float:
        """Instance seconds that are billed."""
        return self.held_s if self.billable_s is None else self.billable_s


@dataclass(frozen=True, slots=True)
class Collection:
    """What checking a shard's output found, or a batch's.

    Attributes:
        prediction_count: documents with a label.
        refused_count: documents the model refused; they are in quarantine.
        results: expectations over the predictions, merged over the shards.
        fingerprint: what the predictions come to; None in a record from before there was one.
    """

    prediction_count: int
    refused_count: int
    results: tuple[ExpectationResult, ...]
    fingerprint: Fingerprint | None = None

    @classmethod
    def total(cls, parts: Iterable[Collection]) -> Collection:
        """Add up what was found of the shards."""
        predictions = refused = 0
        results: list[ExpectationResult] = []
        for part in parts:
            predictions += part.prediction_count
            refused += part.refused_count
            results = merge_results(results, part.results)
        return cls(predictions, refused, tuple(results))


class BatchRecords:
    """Reads and writes the records of one batch.

    Every method that reads raises `RecordUnreadable` where what stands there is no such record.
    """

    def __init__(self, objects: ObjectStore, layout: BatchLayout) -> None:
        self._objects = objects
        self._layout = layout

    def save_manifest(self, manifest: BatchManifest) -> None:
        """Write the manifest; it never changes afterwards."""
        self._objects.write_text(self._layout.manifest, manifest.to_json())

    def manifest(self) -> BatchManifest:
        """Read the manifest. Raises `ObjectMissing`."""
        uri = self._layout.manifest
        try:
            return BatchManifest.from_json(self._objects.read_text(uri))
        except (ValueError, KeyError, TypeError) as exc:
            raise RecordUnreadable(f"{uri}: {type(exc).__name__}: {exc}") from exc

    def save_validation(self, validation: Validation) -> None:
        """Write what validation found."""
        self._save(self._layout.validation, TypeAdapter(Validation), validation)

    def validation(self) -> Validation:
        """Read what validation found. Raises `ObjectMissing`."""
        return self._load(self._layout.validation, TypeAdapter(Validation))

    def save_placement(self, placement: Placement) -> None:
        """Write the router's answer."""
        self._save(self._layout.placement, TypeAdapter(Placement), placement)

    def placement(self) -> Placement:
        """Read the router's answer. Raises `ObjectMissing`."""
        return self._load(self._layout.placement, TypeAdapter(Placement))

    def save_lane_run(self, run: LaneRun) -> None:
        """Write what the lane ran, in the place of an earlier record of the same resource."""
        if run.lane is None:
            run = replace(run, lane=self.placement().lane)
        others = (known for known in self.lane_runs() if known.resource_id != run.resource_id)
        self._save(self._layout.lane_runs, TypeAdapter(tuple[LaneRun, ...]), (*others, run))

    def lane_runs(self) -> tuple[LaneRun, ...]:
        """Read what the lane ran so far, in the order it was first recorded."""
        uri = self._layout.lane_runs
        if not self._objects.exists(uri):
            return ()
        return self._load(uri, TypeAdapter(tuple[LaneRun, ...]))

    def save_collection(self, index: int, collection: Collection) -> None:
        """Write what checking a shard found."""
        self._save(self._layout.collected_shard(index), TypeAdapter(Collection), collection)

    def shard_collection(self, index: int) -> Collection | None:
        """Read what checking a shard found; None while it has not been checked."""
        uri = self._layout.collected_shard(index)
        return self._load(uri, TypeAdapter(Collection)) if self._objects.exists(uri) else None

    def collection(self) -> Collection:
        """Read what checking the whole batch found. Raises `ObjectMissing`."""
        adapter = TypeAdapter(Collection)
        return Collection.total(
            self._load(self._layout.collected_shard(shard.index), adapter)
            for shard in self.validation().shards
        )

    def _save(self, uri: str, adapter: TypeAdapter[T], value: T) -> None:
        self._objects.write_text(uri, adapter.dump_json(value).decode())

    def _load(self, uri: str, adapter: TypeAdapter[T]) -> T:
        try:
            return adapter.validate_json(self._objects.read_text(uri))
        except ValueError as exc:
            raise RecordUnreadable(f"{uri}: {exc}") from exc
