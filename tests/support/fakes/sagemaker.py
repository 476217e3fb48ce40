"""JobRunner and Endpoint that answer at once, from a function over one request record."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.domain.errors import EndpointUnavailable, JobFailed
from include.domain.execution.jobs import JobRef, JobSpec, JobState, JobStatus
from include.domain.model_ref import ModelRef
from tests.support.fakes.directories import LABELS
from tests.support.fakes.objects import FakeObjectStore

Record = dict[str, Any]
Classify = Callable[[Record], Record]
JobWork = Callable[[JobSpec, FakeObjectStore], None]


def classify(record: Record) -> Record:
    """Answer one request record: a label by the text's checksum, an error where it is blank."""
    text = record.get("text") or ""
    if not text.strip():
        error = {"code": "empty_text", "message": "the text is empty"}
        return {"id": record.get("id"), "error": error}
    return {"id": record["id"], "label": LABELS[zlib.crc32(text.encode()) % 4], "score": 0.9}


def answer_lines(body: bytes, answer: Classify = classify) -> bytes:
    """Answer JSON Lines with JSON Lines, in order."""
    lines = (line for line in body.split(b"\n") if line.strip())
    return b"".join(json.dumps(answer(json.loads(line))).encode() + b"\n" for line in lines)


def write_outputs(spec: JobSpec, objects: FakeObjectStore, answer: Classify = classify) -> None:
    """Do a job's work: write `<shard>.out` under its output prefix for every input shard."""
    for name in input_names(spec, objects):
        body = objects.objects[spec.input_prefix + name]
        objects.put(f"{spec.output_prefix}{name}.out", answer_lines(body, answer))


def input_names(spec: JobSpec, objects: FakeObjectStore) -> list[str]:
    """Names of a job's files: those of its manifest, or everything below its prefix."""
    if spec.manifest_uri:
        head, *names = json.loads(objects.read_text(spec.manifest_uri))
        assert head == {"prefix": spec.input_prefix}
        return [str(name) for name in names]
    uris = [info.uri for info in objects.list_objects(spec.input_prefix)]
    return [uri.removeprefix(spec.input_prefix) for uri in uris]


@dataclass
class FakeJob:
    """One job as the fake service holds it."""

    spec: JobSpec
    artifact_url: str
    state: JobState
    polls_left: int
    started_at: datetime
    ended_at: datetime | None = None
    failure_reason: str = ""


class FakeJobRunner:
    """Jobs by name in `jobs`; those really started are in `launched`, adopted ones in `adopted`.

    A job is in progress for `polls_until_done` observations; then its work is done and it is
    completed. Use `float("inf")`-like large numbers for a job that never ends.

    Args:
        objects: where the work reads and writes.
        work: what a job does; `write_outputs` unless given. Raise `JobFailed` in it to fail.
    """

    def __init__(
        self,
        objects: FakeObjectStore | None = None,
        work: JobWork = write_outputs,
        *,
        polls_until_done: int = 1,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.objects = objects if objects is not None else FakeObjectStore()
        self.work = work
        self.polls_until_done = polls_until_done
        self.clock = clock
        self.jobs: dict[str, FakeJob] = {}
        self.launched: list[str] = []
        self.adopted: list[str] = []
        self.stopped: list[str] = []
        self.refuse_with = ""

    def launch(self, spec: JobSpec, *, artifact_url: str) -> JobRef:
        if self.refuse_with:
            raise JobFailed(f"{spec.lane.value} job {spec.name}: refused: {self.refuse_with}")
        if spec.name in self.jobs:
            self.adopted.append(spec.name)
        else:
            self.launched.append(spec.name)
            self.jobs[spec.name] = FakeJob(
                spec, artifact_url, JobState.IN_PROGRESS, self.polls_until_done, self.clock()
            )
        return JobRef(spec.lane, spec.name)

    def status(self, job: JobRef) -> JobStatus | None:
        found = self.jobs.get(job.name)
        if found is None:
            return None
        self._advance(found)
        return JobStatus(found.state, found.failure_reason, found.started_at, found.ended_at)

    def stop(self, job: JobRef) -> None:
        found = self.jobs.get(job.name)
        if found is not None and found.state is JobState.IN_PROGRESS:
            self.stopped.append(job.name)
            found.state = JobState.STOPPING

    def _advance(self, job: FakeJob) -> None:
        if job.state is JobState.STOPPING:
            job.state, job.ended_at = JobState.STOPPED, self.clock()
        elif job.state is JobState.IN_PROGRESS and job.polls_left > 0:
            job.polls_left -= 1
        elif job.state is JobState.IN_PROGRESS:
            try:
                self.work(job.spec, self.objects)
                job.state = JobState.COMPLETED
            except JobFailed as exc:
                job.state, job.failure_reason = JobState.FAILED, str(exc)
            job.ended_at = self.clock()


class FakeEndpoint:
    """An endpoint a model version; `invocations` holds the bodies it was sent.

    `fail_with` makes both calls raise `EndpointUnavailable`; `fail_after` lets that many
    invocations through first; `before` is given each body first and may raise.
    """

    def __init__(self, answer: Classify = classify) -> None:
        self.answer = answer
        self.before: Callable[[bytes], None] = lambda body: None
        self.endpoints: dict[str, str] = {}
        self.invocations: list[bytes] = []
        self.fail_with = ""
        self.fail_after: int | None = None

    def ensure(self, model: ModelRef, *, artifact_url: str) -> str:
        if self.fail_with:
            raise EndpointUnavailable(f"endpoint {model.resource_name}: {self.fail_with}")
        self.endpoints.setdefault(model.resource_name, artifact_url)
        return model.resource_name

    def invoke(self, endpoint_name: str, body: bytes) -> bytes:
        if endpoint_name not in self.endpoints:
            raise EndpointUnavailable(f"endpoint {endpoint_name}: no such endpoint")
        is_spent = self.fail_after is not None and len(self.invocations) >= self.fail_after
        if self.fail_with or is_spent:
            raise EndpointUnavailable(f"endpoint {endpoint_name}: {self.fail_with or 'throttled'}")
        self.before(body)
        self.invocations.append(body)
        return answer_lines(body, self.answer)
