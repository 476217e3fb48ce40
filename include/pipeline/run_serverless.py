"""The serverless lane: send clean shards to the endpoint in bodies within AWS's limits."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from include.domain.errors import OutputIncomplete
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.ports import Endpoint, ModelRegistry, ObjectStore
from include.pipeline.records import BatchRecords, LaneRun

MAX_BODY_BYTES = 4 * 10**6
"""Serverless Inference refuses a payload over 4 MB."""


@dataclass(frozen=True, slots=True)
class InvocationPolicy:
    """How an endpoint is called.

    Attributes:
        documents_per_call: small enough that a call stays far below the 60 s limit.
        concurrency: calls in flight, below the endpoint's own limit.
    """

    documents_per_call: int
    concurrency: int


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

    Raises:
        EndpointUnavailable: the endpoint does not answer.
        OutputIncomplete: it answered with another number of lines than it was sent.
    """
    records = BatchRecords(objects, layout)
    model = records.manifest().model
    name = endpoint.ensure(model, artifact_url=registry.artifact_url(model))
    started_at = now()
    with tempfile.TemporaryDirectory(prefix="twolane-serverless-") as folder:
        path = Path(folder) / "shard.jsonl.out"
        for shard in records.validation().shards:
            target = layout.output_shard(shard.index)
            if objects.exists(target):
                continue
            with objects.open(shard.uri) as source, path.open("wb") as sink:
                bodies = cut_bodies(source, policy.documents_per_call, MAX_BODY_BYTES)
                for answer in _invoke_all(endpoint, name, bodies, policy.concurrency):
                    sink.write(answer)
            objects.upload(path, target, "application/jsonlines")
    run = LaneRun(name, records.placement().instance_type, 1, started_at, now())
    records.save_lane_run(run)
    return run


def cut_bodies(lines: Iterable[bytes], max_documents: int, max_bytes: int) -> Iterator[bytes]:
    """Join lines to bodies of at most `max_documents` lines and `max_bytes` bytes.

    A single line over `max_bytes` makes a body of its own; the endpoint then refuses it.
    """
    body: list[bytes] = []
    size = 0
    for line in lines:
        if body and (len(body) >= max_documents or size + len(line) > max_bytes):
            yield b"".join(body)
            body, size = [], 0
        body.append(line)
        size += len(line)
    if body:
        yield b"".join(body)


def _invoke_all(
    endpoint: Endpoint, name: str, bodies: Iterator[bytes], concurrency: int
) -> Iterator[bytes]:
    """Yield answers in the order of the bodies, at most `concurrency` in flight."""

    def call(body: bytes) -> bytes:
        answer = endpoint.invoke(name, body)
        if not answer.endswith(b"\n"):
            answer += b"\n"
        sent, received = body.count(b"\n"), answer.count(b"\n")
        if sent != received:
            raise OutputIncomplete(f"endpoint {name}: sent {sent} documents, got {received} lines")
        return answer

    with ThreadPoolExecutor(concurrency) as pool:
        window = []
        for body in bodies:
            window.append(pool.submit(call, body))
            if len(window) >= concurrency:
                yield window.pop(0).result()
        for future in window:
            yield future.result()
