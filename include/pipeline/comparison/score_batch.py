"""Have the version that did not answer a batch answer a share of its documents too.

The batch's results are read and never written. Documents go to the version's serverless endpoint,
one call at a time, so that live batches keep nearly all of the endpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, zip_longest

from include.domain.batches.predictions import Prediction, PredictionError, parse_prediction
from include.domain.comparison.comparison import Comparison
from include.domain.errors import ObjectMissing, OutputIncomplete, RecordUnreadable
from include.domain.execution.pacing import CallSize
from include.domain.model_ref import ModelRef
from include.domain.money.prices import Price
from include.domain.money.usage import Owner, Period, UsageCharge, UsageKind, usage_charge
from include.pipeline.batch.collect_batch import answer_lines
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.batch_objects.shard_files import read_record
from include.pipeline.comparison.ports import BatchSample, PairedAnswer, Probe, ServedBatch
from include.pipeline.lanes.serverless.call_gate import CallGate
from include.pipeline.lanes.serverless.endpoint_calls import MAX_BODY_BYTES, EndpointCaller
from include.pipeline.lanes.serverless.run_serverless import InvocationPolicy, cut_bodies
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.remote_work import Endpoint

_LOG = logging.getLogger(__name__)

PROBE_DOCUMENTS = 16
"""In the call that compares the two versions' seconds."""


@dataclass(frozen=True, slots=True)
class ScoringPorts:
    """What scoring needs of the world.

    Attributes:
        now: the time, timezone-aware.
    """

    objects: ObjectStore
    registry: ModelRegistry
    endpoint: Endpoint
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class ScoringPolicy:
    """How documents are scored.

    Attributes:
        work_bucket: where batches stand.
        calls: how an endpoint is called.
        price: of an hour in which the endpoint works.
        is_emulated: whether the endpoint is, so that nothing is billed.
    """

    work_bucket: str
    calls: InvocationPolicy
    price: Price
    is_emulated: bool


@dataclass(frozen=True, slots=True)
class _Taken:
    """A document of the sample: its request line, and the answer that its account has."""

    line: bytes
    served: Prediction | PredictionError


def score_batch(
    comparison: Comparison,
    batch: ServedBatch,
    *,
    limit: int,
    policy: ScoringPolicy,
    ports: ScoringPorts,
) -> BatchSample:
    """Return what a batch adds to a comparison; the same again for the same limit.

    A batch whose documents or answers are gone, or not what was written, adds nothing; one that a
    version answers with no predictions adds refusals, and what the calls cost. The log says why,
    and the next one's turn comes.

    Args:
        limit: documents at most, spread over the whole batch.

    Raises:
        EndpointUnavailable: an endpoint does not answer.
    """
    try:
        taken = list(islice(_take(comparison, batch, limit, policy, ports), limit))
    except (ObjectMissing, RecordUnreadable, OutputIncomplete) as exc:
        _warn(comparison, batch, exc)
        taken = []
    if not taken:
        return BatchSample(batch, ports.now())
    callers = {
        model.version: _caller(model, policy, ports)
        for model in (comparison.champion, comparison.challenger)
    }
    lines = [each.line for each in taken]
    is_champions = batch.version == comparison.champion.version
    pairs: list[PairedAnswer | None] = []
    probe = Probe()
    try:
        others = _answers(callers[comparison.other(batch.version).version], lines, policy)
        probe = _probe(comparison, callers, lines[:PROBE_DOCUMENTS])
        pairs = [
            _paired(each.served, other) if is_champions else _paired(other, each.served)
            for each, other in zip(taken, others, strict=True)
        ]
    except OutputIncomplete as exc:
        _warn(comparison, batch, exc)
    answers = tuple(pair for pair in pairs if pair is not None)
    scored_at = ports.now()
    return BatchSample(
        batch=batch,
        scored_at=scored_at,
        answers=answers,
        refused_count=len(taken) - len(answers),
        call_s=sum(_seconds(caller) for caller in callers.values()),
        charges=tuple(
            _charge(comparison, batch, model, callers[model.version], scored_at, policy)
            for model in (comparison.champion, comparison.challenger)
        ),
        probe=probe,
    )


def _warn(comparison: Comparison, batch: ServedBatch, exc: Exception) -> None:
    _LOG.warning("comparison %s: batch %s: %s", comparison.comparison_id, batch.batch_id, exc)


def _take(
    comparison: Comparison,
    batch: ServedBatch,
    limit: int,
    policy: ScoringPolicy,
    ports: ScoringPorts,
) -> Iterator[_Taken]:
    layout = BatchLayout(policy.work_bucket, batch.batch_id)
    share = min(comparison.plan.document_share, limit / max(batch.document_count, 1))
    for shard in BatchRecords(ports.objects, layout).validation().shards:
        uri = layout.output_shard(shard.index)
        with ports.objects.open(shard.uri) as documents, ports.objects.open(uri) as answers:
            for line, answer in zip_longest(documents, answer_lines(answers)):
                if line is None or answer is None:
                    raise OutputIncomplete(f"{uri} has not one answer a document of {shard.uri}")
                document_id = read_record(line, source=shard.uri).id
                if comparison.takes_document(batch.batch_id, document_id, share):
                    yield _Taken(line, parse_prediction(answer, source=uri))


def _caller(model: ModelRef, policy: ScoringPolicy, ports: ScoringPorts) -> EndpointCaller:
    name = ports.endpoint.ensure(model, artifact_url=ports.registry.artifact_url(model))
    calls = policy.calls
    return EndpointCaller(
        ports.endpoint,
        name,
        gate=CallGate(1),
        size=CallSize(calls.tokens_per_call, calls.target_s, max_tokens=16 * calls.tokens_per_call),
        throttled_s=calls.throttled_s,
        max_tokens=ports.registry.card(model).max_tokens,
    )


def _seconds(caller: EndpointCaller) -> float:
    return sum(call.seconds for call in caller.calls) + caller.wasted_s


def _charge(
    comparison: Comparison,
    batch: ServedBatch,
    model: ModelRef,
    caller: EndpointCaller,
    until: datetime,
    policy: ScoringPolicy,
) -> UsageCharge:
    """Return what a version's calls cost, calls that failed included: they are waste."""
    seconds = _seconds(caller)
    return usage_charge(
        kind=UsageKind.COMPARISON,
        owner=Owner(model_name=model.name, model_version=model.version),
        resource_id=caller.name,
        price=policy.price,
        quantity=seconds / 3600,
        period=Period(until - timedelta(seconds=seconds), until),
        is_emulated=policy.is_emulated,
        waste_share=caller.wasted_s / seconds if seconds else 0.0,
        charge_id=f"{comparison.comparison_id}/{batch.batch_id}/comparison/{model.version}",
    )


def _answers(
    caller: EndpointCaller, lines: Sequence[bytes], policy: ScoringPolicy
) -> list[Prediction | PredictionError]:
    bodies = cut_bodies(
        lines,
        max_documents=policy.calls.documents_per_call,
        max_bytes=MAX_BODY_BYTES,
        max_tokens=lambda: caller.tokens_per_call,
        tokens_of=caller.tokens_of,
    )
    return [
        parse_prediction(line, source=f"endpoint {caller.name}")
        for body in bodies
        for line in caller.answer(body).splitlines()
    ]


def _probe(
    comparison: Comparison, callers: dict[str, EndpointCaller], lines: Sequence[bytes]
) -> Probe:
    """Time one call to each version; a first call to each makes it warm."""

    def seconds(model: ModelRef) -> float:
        caller = callers[model.version]
        caller.answer(lines)
        before = len(caller.calls)
        caller.answer(lines)
        return sum(call.seconds for call in caller.calls[before:])

    return Probe(len(lines), seconds(comparison.champion), seconds(comparison.challenger))


def _paired(
    champion: Prediction | PredictionError, challenger: Prediction | PredictionError
) -> PairedAnswer | None:
    """Return both answers to a document, None where either version refused it."""
    if not isinstance(champion, Prediction) or not isinstance(challenger, Prediction):
        return None
    return PairedAnswer(
        champion.document_id,
        champion.label,
        champion.score,
        challenger.label,
        challenger.score,
    )
