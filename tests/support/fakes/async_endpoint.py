"""AsyncEndpoint that answers when it is told to, from a function over one request record."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from include.domain.errors import EndpointUnavailable
from include.domain.model_ref import ModelRef
from include.pipeline.lanes.async_endpoint.ports import AcceptedRequest, EndpointReadiness
from tests.support.fakes.objects import FakeObjectStore
from tests.support.fakes.sagemaker import answer_lines


class FakeAsyncEndpoint:
    """Requests in `queue`, in order; all that were ever sent in `sent`, by inference id.

    Args:
        objects: where payloads lie and answers go.
        answers_at_once: answer each request as it is sent; else `work` does.
        polls_until_ready: `prepare` calls before a new endpoint is in service.
    """

    def __init__(
        self,
        objects: FakeObjectStore | None = None,
        *,
        answers_at_once: bool = True,
        polls_until_ready: int = 0,
    ) -> None:
        self.objects = objects or FakeObjectStore()
        self.queue: list[tuple[str, AcceptedRequest]] = []
        self.sent: list[str] = []
        self.instances = 1
        self.others_answered = 0
        self.failing: Callable[[str], str | None] = lambda inference_id: None
        self.longest_s = 3600.0
        self.idle_from: datetime | None = None
        self._answers_at_once = answers_at_once
        self._polls_left = polls_until_ready
        self._names: set[str] = set()
        self._answered = 0

    def endpoint_name(self, model: ModelRef) -> str:
        return f"{model.resource_name}-async"

    def prepare(self, model: ModelRef, *, artifact_url: str) -> EndpointReadiness:
        name = self.endpoint_name(model)
        if self._polls_left > 0:
            self._polls_left -= 1
            return EndpointReadiness(name, False, f"endpoint {name} is being made")
        self._names.add(name)
        return EndpointReadiness(name, True, f"endpoint {name} is InService")

    def send(self, endpoint_name: str, input_uri: str, *, inference_id: str) -> AcceptedRequest:
        if endpoint_name not in self._names:
            raise EndpointUnavailable(f"endpoint {endpoint_name}: not found")
        prefix, stem = f"s3://twolane-work/async/{endpoint_name}", uuid.uuid4()
        request = AcceptedRequest(
            inference_id, f"{prefix}/answers/{stem}.out", f"{prefix}/failures/{stem}-error.out"
        )
        self.sent.append(inference_id)
        self.queue.append((input_uri, request))
        if self._answers_at_once:
            self.work()
        return request

    def work(self, count: int | None = None) -> None:
        """Bring the first `count` requests of the queue to their end, or all."""
        for _ in range(len(self.queue) if count is None else count):
            input_uri, request = self.queue.pop(0)
            reason = self.failing(request.inference_id)
            if reason is None and input_uri not in self.objects.objects:
                reason = f"no object {input_uri}"
            if reason is None:
                answer = answer_lines(self.objects.objects[input_uri])
                self.objects.put(request.output_uri, answer)
            else:
                self.objects.put(request.failure_uri, reason)
            self._answered += 1

    def longest_wait_s(self) -> float:
        return self.longest_s

    def idle_since(self, endpoint_name: str, now: datetime) -> datetime | None:
        return self.idle_from

    def instance_count(self, endpoint_name: str) -> int:
        return self.instances if endpoint_name in self._names else 0

    def grow(self, endpoint_name: str, instances: int) -> bool:
        if endpoint_name not in self._names:
            raise EndpointUnavailable(f"endpoint {endpoint_name}: not found")
        self.instances = instances
        return True

    def answered_count(self, endpoint_name: str, since: datetime, until: datetime) -> int:
        return self._answered + self.others_answered
