"""What was sent to the asynchronous endpoint, beside the batch's shards: one object a shard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter

from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.lanes.async_endpoint.ports import AcceptedRequest
from include.pipeline.ports.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class SentShard:
    """The newest request for one shard.

    Attributes:
        attempt: requests sent for the shard before this one.
        tries: those of them since the lane last gave up.
        has_failed: it is known to have no answer.
    """

    index: int
    attempt: int
    tries: int
    sent_at: datetime
    request: AcceptedRequest
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class Meter:
    """Instance time of the endpoint while the batch waits for it.

    Attributes:
        endpoint: its name.
        started_at: when the batch came to the endpoint.
        read_at: when the instances were last counted.
        first_count: what was counted at the start.
        instance_count: what was counted at `read_at`.
        peak: the most that was counted.
        instance_s: instance seconds up to `read_at`.
        is_closed: the batch has what it waited for, and its run is recorded.
        grown_to: instances that were asked for because somebody wished it; 0 for none were.
    """

    endpoint: str
    started_at: datetime
    read_at: datetime
    first_count: int
    instance_count: int
    peak: int
    instance_s: float
    is_closed: bool = False
    grown_to: int = 0

    @property
    def started(self) -> int:
        """Instances that were started while the batch waited, at the least."""
        return self.peak - self.first_count

    def read(self, instance_count: int, now: datetime) -> Meter:
        """Return the meter at `now`: what was counted last held until then."""
        elapsed_s = max(0.0, (now - self.read_at).total_seconds())
        return replace(
            self,
            read_at=now,
            instance_count=instance_count,
            peak=max(self.peak, instance_count),
            instance_s=self.instance_s + elapsed_s * self.instance_count,
        )


class AsyncRecords:
    """Reads and writes the records of one batch; what has not changed in S3 is read once."""

    def __init__(self, objects: ObjectStore, layout: BatchLayout) -> None:
        self._objects = objects
        self._requests_prefix = f"{layout.root}async/requests/"
        self._meter_uri = f"{layout.root}async/meter.json"
        self._known: dict[str, tuple[str, SentShard]] = {}

    def sent(self) -> dict[int, SentShard]:
        """Return the requests by shard."""
        adapter = TypeAdapter(SentShard)
        known = {}
        for info in self._objects.list_objects(self._requests_prefix):
            etag, shard = self._known.get(info.uri, ("", None))
            if shard is None or etag != info.etag:
                shard = adapter.validate_json(self._objects.read_text(info.uri))
            known[info.uri] = (info.etag, shard)
        self._known = known
        return {shard.index: shard for _, shard in known.values()}

    def save(self, shard: SentShard) -> None:
        """Write what was sent for a shard."""
        text = TypeAdapter(SentShard).dump_json(shard).decode()
        self._objects.write_text(f"{self._requests_prefix}{shard.index:05d}.json", text)

    def meter(self) -> Meter | None:
        """Return the meter; None before anything was sent."""
        uri = self._meter_uri
        if not self._objects.exists(uri):
            return None
        return TypeAdapter(Meter).validate_json(self._objects.read_text(uri))

    def save_meter(self, meter: Meter) -> None:
        """Write the meter."""
        text = TypeAdapter(Meter).dump_json(meter).decode()
        self._objects.write_text(self._meter_uri, text)
