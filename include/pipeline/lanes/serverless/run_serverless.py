"""The serverless lane: send clean shards to the endpoint in bodies within AWS's limits."""

from __future__ import annotations

import logging
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from include.domain.errors import EndpointUnavailable, OutputIncomplete
from include.domain.execution.pacing import CallSize
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, LaneRun
from include.pipeline.lanes.serverless.call_gate import CallGate
from include.pipeline.lanes.serverless.costs import (
    Attempt,
    failed_run,
    finished_run,
    together,
)
from include.pipeline.lanes.serverless.endpoint_calls import MAX_BODY_BYTES, EndpointCaller
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.remote_work import Endpoint

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InvocationPolicy:
    """How an endpoint is called.

    Attributes:
        documents_per_call: documents in one call at the most.
        concurrency: calls in flight at the most, below the endpoint's own limit.
        tokens_per_call: estimated tokens of the first calls; measured times decide the next.
        target_s: seconds a call shall take, far below the 60 s that AWS allows.
        throttled_s: seconds a call may be throttled until the batch gives up.
        warm_tokens_per_s: what a warm environment does.
    """

    documents_per_call: int
    concurrency: int
    tokens_per_call: int = 20_000
    target_s: float = 10.0
    throttled_s: float = 120.0
    warm_tokens_per_s: float = 10_000.0


def run_serverless(
    layout: BatchLayout,
    *,
    policy: InvocationPolicy,
    now: Callable[[], datetime],
    objects: ObjectStore,
    registry: ModelRegistry,
    endpoint: Endpoint,
) -> LaneRun:
    """Classify every clean shard; a shard whose output stands is not sent again.

    What ran is recorded for the ledger also where it fails; an attempt is added to those before.

    Raises:
        EndpointUnavailable: the endpoint does not answer, or throttles for too long.
        OutputIncomplete: it answered with another number of lines than it was sent.
    """
    records = BatchRecords(objects, layout)
    model = records.manifest().model
    name = endpoint.ensure(model, artifact_url=registry.artifact_url(model))
    caller = EndpointCaller(
        endpoint,
        name,
        gate=CallGate(policy.concurrency),
        size=CallSize(
            policy.tokens_per_call, policy.target_s, max_tokens=16 * policy.tokens_per_call
        ),
        throttled_s=policy.throttled_s,
        max_tokens=registry.card(model).max_tokens,
    )
    earlier = next((run for run in records.lane_runs() if run.resource_id == name), None)
    shards = records.validation().shards
    todo = [shard for shard in shards if not objects.exists(layout.output_shard(shard.index))]
    if earlier is not None and not todo:
        return earlier
    started_at, answered = now(), 0

    def attempt() -> Attempt:
        return Attempt(
            name,
            records.placement().instance_type,
            started_at,
            now(),
            caller.calls,
            caller.wasted_s,
            policy.warm_tokens_per_s,
        )

    try:
        for shard in todo:
            _classify(shard.uri, layout.output_shard(shard.index), caller, policy, objects)
            answered += 1
    except (EndpointUnavailable, OutputIncomplete):
        failed = failed_run(attempt(), unanswered_share=1 - answered / len(todo))
        if failed is not None:
            records.save_lane_run(together(earlier, failed))
        raise
    run = together(earlier, finished_run(attempt()))
    records.save_lane_run(run)
    if run.cold_start_s:
        _LOG.info("endpoint %s: %.1f s were a cold start", name, run.cold_start_s)
    return run


def _classify(
    source_uri: str,
    target_uri: str,
    caller: EndpointCaller,
    policy: InvocationPolicy,
    objects: ObjectStore,
) -> None:
    """Have one shard answered into its output."""
    with tempfile.TemporaryDirectory(prefix="twolane-serverless-") as folder:
        path = Path(folder) / "shard.jsonl.out"
        with objects.open(source_uri) as source, path.open("wb") as sink:
            for answer in _answers(caller, source, policy):
                sink.write(answer)
        objects.upload(path, target_uri, "application/jsonlines")


def cut_bodies(
    lines: Iterable[bytes],
    *,
    max_documents: int,
    max_bytes: int,
    max_tokens: Callable[[], int],
    tokens_of: Callable[[bytes], int],
) -> Iterator[list[bytes]]:
    """Group lines to bodies within every limit; `max_tokens` is asked for each body anew.

    A single line over a limit makes a body of its own.
    """
    body: list[bytes] = []
    size = tokens = 0
    limit = max_tokens()
    for line in lines:
        line_tokens = tokens_of(line)
        if body and (
            len(body) >= max_documents
            or size + len(line) > max_bytes
            or tokens + line_tokens > limit
        ):
            yield body
            body, size, tokens, limit = [], 0, 0, max_tokens()
        body.append(line)
        size += len(line)
        tokens += line_tokens
    if body:
        yield body


def _answers(
    caller: EndpointCaller, source: Iterable[bytes], policy: InvocationPolicy
) -> Iterator[bytes]:
    """Yield answers in the order of the lines, at most `concurrency` calls in flight."""
    bodies = cut_bodies(
        source,
        max_documents=policy.documents_per_call,
        max_bytes=MAX_BODY_BYTES,
        max_tokens=lambda: caller.tokens_per_call,
        tokens_of=caller.tokens_of,
    )
    pool = ThreadPoolExecutor(policy.concurrency, thread_name_prefix="invoke")
    try:
        yield from _in_order(pool, caller.answer, bodies, policy.concurrency)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor,
    work: Callable[[Sequence[bytes]], bytes],
    bodies: Iterable[Sequence[bytes]],
    width: int,
) -> Iterator[bytes]:
    window: deque[Future[bytes]] = deque()
    for body in bodies:
        window.append(pool.submit(work, body))
        if len(window) >= width:
            yield window.popleft().result()
    while window:
        yield window.popleft().result()
