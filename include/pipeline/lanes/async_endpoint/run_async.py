"""The asynchronous lane: one request a clean shard, answered into the batch's outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from include.domain.batches.manifests import Shard
from include.domain.lanes import Lane, LaneProfile
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.async_endpoint.costs import finished_run, given_up_run
from include.pipeline.lanes.async_endpoint.ports import AsyncEndpoint
from include.pipeline.lanes.async_endpoint.records import AsyncRecords, Meter, SentShard
from include.pipeline.lanes.async_endpoint.shards import AsyncShards
from include.pipeline.lanes.driver import LaneProgress
from include.pipeline.lanes.wish import LaneWishes
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore

LOOK_AGAIN_MIN_S, LOOK_AGAIN_MAX_S = 0.5, 15.0
"""Bounds of the pause between two looks, which grows with the time already waited."""

_WAITED_SHARE = 0.05


class AsyncDriver:
    """Drives a batch on an asynchronous endpoint that scales from zero.

    Args:
        profile: of the lane: what an instance costs before and after its work.
        now: the clock.
    """

    def __init__(
        self,
        layout: BatchLayout,
        *,
        profile: LaneProfile,
        objects: ObjectStore,
        registry: ModelRegistry,
        endpoint: AsyncEndpoint,
        now: Callable[[], datetime],
    ) -> None:
        self._profile = profile
        self._registry = registry
        self._endpoint = endpoint
        self._now = now
        self._batch = BatchRecords(objects, layout)
        self._records = AsyncRecords(objects, layout)
        self._wishes = LaneWishes(objects, layout)
        self._shards = AsyncShards(
            layout, records=self._records, objects=objects, endpoint=endpoint, now=now
        )

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`."""
        shards = self._batch.validation().shards
        meter = self._records.meter() or self._new_meter()
        sent = self._records.sent()
        self._shards.land(sent.values())
        missing = self._shards.missing(shards)
        if not missing:
            return self._finish(meter, sent)
        waiting = self._shards.open_requests(meter.endpoint, missing, sent)
        unsent = [
            shard
            for shard in missing
            if shard.index not in waiting or waiting[shard.index].has_failed
        ]
        obstacle = self._send(unsent, waiting) if unsent else ""
        meter = self._grow(self._read(meter))
        message = obstacle or (
            f"{len(missing)} of {len(shards)} shard(s) wait for endpoint {meter.endpoint}, "
            f"which has {meter.instance_count} instance(s)"
        )
        return LaneProgress(False, meter.endpoint, message, _look_again_s(meter))

    def stop(self) -> bool:
        """See `LaneDriver.stop`: a queue's requests cannot be taken back, so nobody waits for them.

        What the batch has cost so far is recorded; the endpoint goes on by itself to zero.
        """
        meter = self._records.meter()
        if meter is None or meter.is_closed:
            return True
        shards = self._batch.validation().shards
        missing = self._shards.missing(shards)
        share = len(missing) / len(shards) if shards else 0.0
        meter = meter.read(0, self._now())
        self._records.save_meter(meter)
        self._batch.save_lane_run(given_up_run(meter, self._profile, unanswered_share=share))
        return True

    def _new_meter(self) -> Meter:
        now = self._now()
        name = self._endpoint.endpoint_name(self._batch.manifest().model)
        count = self._endpoint.instance_count(name)
        meter = Meter(name, now, now, count, count, count, 0.0)
        self._records.save_meter(meter)
        return meter

    def _read(self, meter: Meter) -> Meter:
        """Count the endpoint's instances; a count that holds needs no new record."""
        read = meter.read(self._endpoint.instance_count(meter.endpoint), self._now())
        if read.instance_count != meter.instance_count:
            self._records.save_meter(read)
        return read

    def _grow(self, meter: Meter) -> Meter:
        """Ask for more instances where somebody wants the batch to have them; once."""
        wanted = self._wishes.of(Lane.ASYNC_ENDPOINT).instances
        if wanted <= max(meter.grown_to, meter.instance_count):
            return meter
        if self._endpoint.grow(meter.endpoint, wanted):
            meter = replace(meter, grown_to=wanted)
            self._records.save_meter(meter)
        return meter

    def _send(self, shards: Sequence[Shard], newest: Mapping[int, SentShard]) -> str:
        """Send the shards, or return why they cannot be sent yet.

        Raises:
            EndpointUnavailable: the endpoint failed or refuses.
        """
        model = self._batch.manifest().model
        artifact_url = self._registry.artifact_url(model)
        ready = self._endpoint.prepare(model, artifact_url=artifact_url)
        if not ready.is_ready:
            return ready.message
        self._shards.send(ready.name, shards, newest)
        return ""

    def _finish(self, meter: Meter, sent: Mapping[int, SentShard]) -> LaneProgress:
        """Record what ran, once, and say so."""
        if not meter.is_closed:
            now = self._now()
            meter = meter.read(meter.instance_count, now)
            answered = self._endpoint.answered_count(meter.endpoint, meter.started_at, now)
            requests = sum(each.attempt + 1 for each in sent.values())
            retries = sum(each.attempt for each in sent.values())
            run = finished_run(
                meter, self._profile, requests=requests, retries=retries, answered=answered
            )
            self._batch.save_lane_run(run)
            self._records.save_meter(replace(meter, is_closed=True))
        message = f"every shard is answered by endpoint {meter.endpoint}"
        return LaneProgress(True, meter.endpoint, message, 0.0)


def _look_again_s(meter: Meter) -> float:
    waited_s = (meter.read_at - meter.started_at).total_seconds()
    return min(max(LOOK_AGAIN_MIN_S, waited_s * _WAITED_SHARE), LOOK_AGAIN_MAX_S)
