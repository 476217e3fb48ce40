"""The asynchronous lane: one request a clean shard, answered into the batch's outputs.

A shard's request is written down as soon as it is accepted, so a later process waits for it and
sends nothing twice. Only between the acceptance and that record can a request be lost from sight;
its shard is then sent again, and whichever answer is known is taken, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from include.domain.errors import JobFailed, ObjectMissing
from include.domain.lanes import Lane, LaneProfile
from include.domain.manifests import Shard
from include.pipeline.async_costs import finished_run, given_up_run
from include.pipeline.async_ports import AsyncEndpoint
from include.pipeline.async_records import AsyncRecords, Meter, SentShard
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.lane_driver import LaneProgress
from include.pipeline.ports import ModelRegistry, ObjectStore
from include.pipeline.records import BatchRecords

MAX_TRIES = 3
"""Requests for one shard that may fail before the lane gives up."""

LOOK_AGAIN_MIN_S, LOOK_AGAIN_MAX_S = 0.5, 15.0
"""Bounds of the pause between two looks, which grows with the time already waited."""

LOST_AFTER_S = 150.0
"""Seconds before a request that an empty queue does not hold is called lost: metrics are late."""

_WAITED_SHARE = 0.05
_FAILURE_CHARACTERS = 500


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
        self._layout = layout
        self._profile = profile
        self._objects = objects
        self._registry = registry
        self._endpoint = endpoint
        self._now = now
        self._batch = BatchRecords(objects, layout)
        self._requests = AsyncRecords(objects, layout)

    def advance(self) -> LaneProgress:
        """See `LaneDriver.advance`."""
        shards = self._batch.validation().shards
        sent = self._requests.sent()
        self._land(sent.values())
        missing = self._missing(shards)
        if not missing:
            return self._finish(sent)
        waiting = self._with_failures(sent)
        unsent = [shard for shard in missing if self._is_to_send(waiting.get(shard.index))]
        if unsent:
            message = self._send(unsent, waiting)
            if message:
                return LaneProgress(False, self._resource(), message, LOOK_AGAIN_MAX_S / 3)
        meter = self._read_meter()
        message = (
            f"{len(missing)} of {len(shards)} shard(s) wait for endpoint {meter.endpoint}, "
            f"which has {meter.instance_count} instance(s)"
        )
        return LaneProgress(False, meter.endpoint, message, self._look_again_s(meter))

    def stop(self) -> None:
        """See `LaneDriver.stop`: a queue's requests cannot be taken back, so nobody waits for them.

        What the batch has cost so far is recorded; the endpoint goes on by itself to zero.
        """
        meter = self._requests.meter()
        if meter is None or meter.is_closed:
            return
        shards = self._batch.validation().shards
        missing = self._missing(shards)
        meter = meter.read(0, self._now())
        share = len(missing) / len(shards) if shards else 0.0
        self._requests.save_meter(meter)
        self._batch.save_lane_run(given_up_run(meter, self._profile, unanswered_share=share))

    def _missing(self, shards: Iterable[Shard]) -> list[Shard]:
        listed = self._objects.list_objects(self._layout.output_prefix)
        present = {info.uri for info in listed}
        return [shard for shard in shards if self._layout.output_shard(shard.index) not in present]

    def _land(self, sent: Iterable[SentShard]) -> None:
        """Move answers to where every lane leaves them; a shard that has its output keeps it."""
        requests = {each.request.output_uri: each for each in sent}
        listed = self._objects.list_objects(self._layout.output_prefix)
        present = {info.uri for info in listed}
        for uri in self._standing(requests):
            target = self._layout.output_shard(requests[uri].index)
            if target in present:
                continue
            try:
                self._objects.move(uri, target)
            except ObjectMissing:
                continue  # another process has moved it: the next look finds the output

    def _standing(self, uris: Iterable[str]) -> list[str]:
        """Return those of `uris` under which an object stands, by one listing a folder."""
        wanted = set(uris)
        folders = {uri.rpartition("/")[0] + "/" for uri in wanted}
        return sorted(
            info.uri
            for folder in folders
            for info in self._objects.list_objects(folder)
            if info.uri in wanted
        )

    def _with_failures(self, sent: Mapping[int, SentShard]) -> dict[int, SentShard]:
        """Note which requests have failed or are lost.

        Raises:
            JobFailed: a shard has failed too often; the message carries SageMaker's reason.
        """
        noted = dict(sent)
        open_requests = {
            each.request.failure_uri: each for each in sent.values() if not each.has_failed
        }
        reasons = {}
        for uri in self._standing(open_requests):
            shard = open_requests[uri]
            reasons[shard.index] = self._objects.read_text(uri)[:_FAILURE_CHARACTERS]
        for shard in open_requests.values():
            if shard.index not in reasons and self._is_lost(shard):
                reasons[shard.index] = f"neither an answer nor a failure since {shard.sent_at}"
        present = {shard.index for shard in self._missing(self._batch.validation().shards)}
        for index, reason in reasons.items():
            if index in present:
                noted[index] = self._note_failure(noted[index], reason)
        return noted

    def _is_lost(self, shard: SentShard) -> bool:
        """Whether no end can come any more: the queue was empty after the request, or too late."""
        waited = self._now() - shard.sent_at
        if waited > timedelta(seconds=self._endpoint.longest_wait_s()):
            return True
        if waited < timedelta(seconds=LOST_AFTER_S):
            return False
        idle_since = self._endpoint.idle_since(self._resource(), self._now())
        return idle_since is not None and shard.sent_at < idle_since

    def _note_failure(self, shard: SentShard, reason: str) -> SentShard:
        tries = shard.tries + 1
        is_over = tries >= MAX_TRIES
        noted = replace(shard, has_failed=True, tries=0 if is_over else tries)
        self._requests.save(noted)
        if is_over:
            raise JobFailed(
                f"batch {self._layout.batch_id}: {Lane.ASYNC_ENDPOINT.value} request "
                f"{shard.request.inference_id} for shard {shard.index} failed {tries} times, "
                f"last: {reason}"
            )
        return noted

    @staticmethod
    def _is_to_send(shard: SentShard | None) -> bool:
        return shard is None or shard.has_failed

    def _send(self, shards: Iterable[Shard], sent: Mapping[int, SentShard]) -> str:
        """Send the shards, or return why they cannot be sent yet.

        Raises:
            EndpointUnavailable: the endpoint failed or refuses.
        """
        model = self._batch.manifest().model
        if self._requests.meter() is None:
            now, name = self._now(), self._endpoint.endpoint_name(model)
            count = self._endpoint.instance_count(name)
            self._requests.save_meter(Meter(name, now, now, count, count, count, 0.0))
        artifact_url = self._registry.artifact_url(model)
        ready = self._endpoint.prepare(model, artifact_url=artifact_url)
        if not ready.is_ready:
            return ready.message
        for shard in shards:
            last = sent.get(shard.index)
            attempt = last.attempt + 1 if last is not None else 0
            inference_id = f"{self._layout.batch_id}-{shard.index:05d}-{attempt}"
            accepted = self._endpoint.send(ready.name, shard.uri, inference_id=inference_id)
            tries = last.tries if last is not None else 0
            self._requests.save(SentShard(shard.index, attempt, tries, self._now(), accepted))
        return ""

    def _resource(self) -> str:
        meter = self._requests.meter()
        return meter.endpoint if meter is not None else Lane.ASYNC_ENDPOINT.value

    def _read_meter(self) -> Meter:
        meter = self._requests.meter()
        if meter is None:
            raise JobFailed(f"batch {self._layout.batch_id}: requests were sent, none is metered")
        count = self._endpoint.instance_count(meter.endpoint)
        read = meter.read(count, self._now())
        if count != meter.instance_count:
            self._requests.save_meter(read)
        return read

    def _look_again_s(self, meter: Meter) -> float:
        waited_s = (meter.read_at - meter.started_at).total_seconds()
        return min(max(LOOK_AGAIN_MIN_S, waited_s * _WAITED_SHARE), LOOK_AGAIN_MAX_S)

    def _finish(self, sent: Mapping[int, SentShard]) -> LaneProgress:
        """Record what ran, once, and say so."""
        meter = self._requests.meter()
        if meter is None:  # every output stood before anything was sent here
            return LaneProgress(True, Lane.ASYNC_ENDPOINT.value, "nothing to send", 0.0)
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
            self._requests.save_meter(replace(meter, is_closed=True))
        message = f"every shard is answered by endpoint {meter.endpoint}"
        return LaneProgress(True, meter.endpoint, message, 0.0)
