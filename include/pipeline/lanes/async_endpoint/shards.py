"""The requests of one batch on an asynchronous endpoint: sent, answered, failed, sent again.

A shard's request is written down as soon as it is accepted, so a later process waits for it and
sends nothing twice. Only between the acceptance and that record can a request be lost from sight;
its shard is then sent again, and whichever answer is known is taken, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from include.domain.batches.manifests import Shard
from include.domain.errors import JobFailed, ObjectMissing
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.lanes.async_endpoint.ports import AsyncEndpoint
from include.pipeline.lanes.async_endpoint.records import AsyncRecords, SentShard
from include.pipeline.ports.objects import ObjectStore

MAX_TRIES = 3
"""Requests for one shard that may fail before the lane gives up."""

LOST_AFTER_S = 150.0
"""Seconds before a request that an empty queue does not hold is called lost: metrics are late."""

_FAILURE_CHARACTERS = 500


class AsyncShards:
    """Brings every shard to its output, by as many requests as that takes.

    Args:
        now: the clock.
    """

    def __init__(
        self,
        layout: BatchLayout,
        *,
        records: AsyncRecords,
        objects: ObjectStore,
        endpoint: AsyncEndpoint,
        now: Callable[[], datetime],
    ) -> None:
        self._layout = layout
        self._records = records
        self._objects = objects
        self._endpoint = endpoint
        self._now = now

    def missing(self, shards: Iterable[Shard]) -> list[Shard]:
        """Return the shards without an output."""
        present = self._outputs()
        return [shard for shard in shards if self._layout.output_shard(shard.index) not in present]

    def land(self, sent: Iterable[SentShard]) -> None:
        """Move answers to where every lane leaves them; a shard that has its output keeps it."""
        requests = {each.request.output_uri: each for each in sent}
        present = self._outputs()
        for uri in self._standing(requests):
            target = self._layout.output_shard(requests[uri].index)
            if target in present:
                continue
            try:
                self._objects.move(uri, target)
            except ObjectMissing:
                continue  # another process has moved it: the next look finds the output

    def open_requests(
        self, endpoint_name: str, missing: Iterable[Shard], sent: Mapping[int, SentShard]
    ) -> dict[int, SentShard]:
        """Return the newest requests of the missing shards, failed and lost ones noted as such.

        Raises:
            JobFailed: a shard has failed too often; the message carries SageMaker's reason.
        """
        found = {shard.index: sent[shard.index] for shard in missing if shard.index in sent}
        at_work = {each.request.failure_uri: each for each in found.values() if not each.has_failed}
        for uri in self._standing(at_work):
            shard = at_work.pop(uri)
            reason = self._objects.read_text(uri)[:_FAILURE_CHARACTERS]
            found[shard.index] = self._note_failure(shard, reason)
        for shard in at_work.values():
            if self._is_lost(endpoint_name, shard):
                reason = f"neither an answer nor a failure since {shard.sent_at}"
                found[shard.index] = self._note_failure(shard, reason)
        return found

    def send(
        self, endpoint_name: str, shards: Iterable[Shard], newest: Mapping[int, SentShard]
    ) -> None:
        """Put a request for each of `shards` into the queue and write it down.

        Raises:
            EndpointUnavailable: SageMaker goes on refusing.
        """
        for shard in shards:
            last = newest.get(shard.index)
            attempt, tries = (last.attempt + 1, last.tries) if last is not None else (0, 0)
            inference_id = f"{self._layout.batch_id}-{shard.index:05d}-{attempt}"
            accepted = self._endpoint.send(endpoint_name, shard.uri, inference_id=inference_id)
            self._records.save(SentShard(shard.index, attempt, tries, self._now(), accepted))

    def _outputs(self) -> set[str]:
        return {info.uri for info in self._objects.list_objects(self._layout.output_prefix)}

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

    def _is_lost(self, endpoint_name: str, shard: SentShard) -> bool:
        """Whether no end can come any more: the queue was empty after the request, or too late."""
        waited = self._now() - shard.sent_at
        if waited > timedelta(seconds=self._endpoint.longest_wait_s()):
            return True
        if waited < timedelta(seconds=LOST_AFTER_S):
            return False
        idle_since = self._endpoint.idle_since(endpoint_name, self._now())
        return idle_since is not None and shard.sent_at < idle_since

    def _note_failure(self, shard: SentShard, reason: str) -> SentShard:
        tries = shard.tries + 1
        is_over = tries >= MAX_TRIES
        noted = replace(shard, has_failed=True, tries=0 if is_over else tries)
        self._records.save(noted)
        if is_over:
            raise JobFailed(
                f"batch {self._layout.batch_id}: asynchronous request "
                f"{shard.request.inference_id} for shard {shard.index} failed {tries} times, "
                f"last: {reason}"
            )
        return noted
