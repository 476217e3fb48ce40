"""The lanes that keep an endpoint for a version: `EndpointLane` on SageMaker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from include.adapters.aws.cloudwatch.endpoint_alarms import EndpointAlarms
from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.async_endpoint.async_endpoint import SageMakerAsyncEndpoint
from include.adapters.aws.sagemaker.serverless.endpoint_provision import ServerlessEndpoints
from include.adapters.aws.sagemaker.serverless.sagemaker_endpoint import SageMakerServerlessEndpoint
from include.domain.errors import EndpointUnavailable
from include.domain.lanes import Lane
from include.domain.model_ref import ModelRef
from include.pipeline.ports.objects import ObjectStore


class ServerlessLane:
    """The serverless endpoint of a version, as large as the settings say."""

    lane = Lane.SERVERLESS

    def __init__(
        self,
        endpoints: ServerlessEndpoints,
        endpoint: SageMakerServerlessEndpoint,
        alarms: EndpointAlarms,
    ) -> None:
        self._endpoints = endpoints
        self._endpoint = endpoint
        self._alarms = alarms

    def is_kept(self, model: ModelRef) -> bool:
        """See `EndpointLane.is_kept`."""
        return self._endpoints.stands(model)

    def deploy(self, model: ModelRef, *, artifact_url: str) -> str:
        """See `EndpointLane.deploy`."""
        name = self._endpoints.fit(model, artifact_url=artifact_url)
        _watch(self._alarms, name, is_asynchronous=False)
        return name

    def answer(self, model: ModelRef, body: bytes) -> bytes:
        """See `EndpointLane.answer`."""
        return self._endpoint.invoke(model.resource_name, body)

    def ringing(self, model: ModelRef) -> Sequence[str]:
        """See `EndpointLane.ringing`."""
        return self._alarms.ringing(model.resource_name)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an asynchronous endpoint is waited for.

    Attributes:
        ready_s: until it is in service.
        answer_s: until it has answered one request; it may have to wake from zero instances.
        poll_s: pause between two looks.
    """

    ready_s: float = 900.0
    answer_s: float = 900.0
    poll_s: float = 0.5


class AsyncLane:
    """The asynchronous endpoint of a version.

    Args:
        requests_prefix: S3 prefix, with a slash at its end, that the endpoint may read.
        sleep: pauses, seconds.
        clock: monotonic seconds.
    """

    lane = Lane.ASYNC_ENDPOINT

    def __init__(
        self,
        endpoint: SageMakerAsyncEndpoint,
        alarms: EndpointAlarms,
        objects: ObjectStore,
        *,
        requests_prefix: str,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._alarms = alarms
        self._objects = objects
        self._requests_prefix = requests_prefix
        self._patience = patience or Patience()
        self._sleep = sleep
        self._clock = clock

    def is_kept(self, model: ModelRef) -> bool:
        """See `EndpointLane.is_kept`."""
        return self._endpoint.stands(model)

    def deploy(self, model: ModelRef, *, artifact_url: str) -> str:
        """See `EndpointLane.deploy`; it is born with one instance, which then scales to none."""
        deadline = self._clock() + self._patience.ready_s
        while True:
            found = self._endpoint.prepare(model, artifact_url=artifact_url)
            if found.is_ready:
                _watch(self._alarms, found.name, is_asynchronous=True)
                return found.name
            self._pause(deadline, found.message)

    def answer(self, model: ModelRef, body: bytes) -> bytes:
        """See `EndpointLane.answer`."""
        name = self._endpoint.endpoint_name(model)
        input_uri = f"{self._requests_prefix}{name}.jsonl"
        self._objects.write_text(input_uri, body.decode(), "application/jsonlines")
        request = self._endpoint.send(name, input_uri, inference_id=f"smoke-{time.time_ns()}")
        deadline = self._clock() + self._patience.answer_s
        while not self._objects.exists(request.output_uri):
            if self._objects.exists(request.failure_uri):
                reason = self._objects.read_text(request.failure_uri)
                raise EndpointUnavailable(f"endpoint {name}: a request failed: {reason}")
            self._pause(deadline, f"endpoint {name} has not answered")
        return self._objects.read_text(request.output_uri).encode()

    def ringing(self, model: ModelRef) -> Sequence[str]:
        """See `EndpointLane.ringing`."""
        return self._alarms.ringing(self._endpoint.endpoint_name(model))

    def _pause(self, deadline: float, waiting_for: str) -> None:
        if self._clock() >= deadline:
            raise EndpointUnavailable(f"{waiting_for}, and the time for it is over")
        self._sleep(self._patience.poll_s)


def _watch(alarms: EndpointAlarms, name: str, *, is_asynchronous: bool) -> None:
    try:
        alarms.ensure(name, is_asynchronous=is_asynchronous)
    except AwsError as exc:
        raise EndpointUnavailable(f"alarms of {name}: {explain(exc)}") from exc
