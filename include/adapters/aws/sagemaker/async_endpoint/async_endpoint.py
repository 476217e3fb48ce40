"""AsyncEndpoint on SageMaker Asynchronous Inference."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from include.adapters.aws.backoff import pause_s
from include.adapters.aws.errors import AwsError, error_code, explain
from include.adapters.aws.sagemaker.async_endpoint.async_metrics import EndpointMetrics
from include.adapters.aws.sagemaker.async_endpoint.async_provision import AsyncEndpoints
from include.domain.errors import EndpointUnavailable
from include.domain.model_ref import ModelRef
from include.pipeline.lanes.async_endpoint.ports import AcceptedRequest, EndpointReadiness

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

JSON_LINES = "application/jsonlines"
_LOST_MARGIN_S = 300.0

_TRANSIENT = frozenset(
    {
        "ThrottlingException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "InternalFailure",
        "InternalServerError",
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "ReadTimeoutError",
    }
)


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """How a request is sent.

    Attributes:
        ttl_s: time in the queue after which SageMaker fails it; 60 to 21,600, as AWS has it.
        timeout_s: time in the container after which SageMaker fails it; 1 to 3,600.
        attempts: tries of one call.
        backoff_base_s: upper bound of the first pause, doubling with each try.
        backoff_cap_s: upper bound of any pause.
    """

    ttl_s: int = 21_600
    timeout_s: int = 3_600
    attempts: int = 8
    backoff_base_s: float = 0.1
    backoff_cap_s: float = 10.0


class SageMakerAsyncEndpoint:
    """One asynchronous endpoint a model version.

    Args:
        endpoints: makes or finds it.
        runtime: SageMaker's data plane; this class retries, so the client should not.
        metrics: what CloudWatch knows of it.
        sleep: pauses, seconds.
    """

    def __init__(
        self,
        endpoints: AsyncEndpoints,
        runtime: SageMakerRuntimeClient,
        metrics: EndpointMetrics,
        *,
        policy: RequestPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._endpoints = endpoints
        self._runtime = runtime
        self._metrics = metrics
        self._policy = policy or RequestPolicy()
        self._sleep = sleep

    def endpoint_name(self, model: ModelRef) -> str:
        """Return the name of the version's endpoint."""
        return self._endpoints.name(model)

    def stands(self, model: ModelRef) -> bool:
        """Whether the version has an endpoint, in whatever state and at whatever size.

        Raises:
            EndpointUnavailable: SageMaker does not say.
        """
        name = self._endpoints.name(model)
        try:
            return self._endpoints.describe(name) is not None
        except AwsError as exc:
            raise EndpointUnavailable(f"endpoint {name}: {explain(exc)}") from exc

    def prepare(self, model: ModelRef, *, artifact_url: str) -> EndpointReadiness:
        """Make or find the endpoint; see `AsyncEndpoint.prepare`."""
        return self._endpoints.prepare(model, artifact_url=artifact_url)

    def send(self, endpoint_name: str, input_uri: str, *, inference_id: str) -> AcceptedRequest:
        """Put a request into the queue; see `AsyncEndpoint.send`."""
        for attempt in range(1, self._policy.attempts + 1):
            try:
                answer = self._runtime.invoke_endpoint_async(
                    EndpointName=endpoint_name,
                    InputLocation=input_uri,
                    InferenceId=inference_id,
                    ContentType=JSON_LINES,
                    Accept=JSON_LINES,
                    RequestTTLSeconds=self._policy.ttl_s,
                    InvocationTimeoutSeconds=self._policy.timeout_s,
                )
            except AwsError as exc:
                if attempt == self._policy.attempts or error_code(exc) not in _TRANSIENT:
                    raise EndpointUnavailable(
                        f"endpoint {endpoint_name}: request {inference_id} was not accepted "
                        f"after {attempt} tries: {explain(exc)}"
                    ) from exc
                self._sleep(self._pause_s(attempt))
            else:
                return AcceptedRequest(
                    answer["InferenceId"], answer["OutputLocation"], answer["FailureLocation"]
                )
        raise AssertionError("the last attempt returns or raises")

    def longest_wait_s(self) -> float:
        """Return the queue's and the container's limit together, and a margin for S3."""
        return self._policy.ttl_s + self._policy.timeout_s + _LOST_MARGIN_S

    def instance_count(self, endpoint_name: str) -> int:
        """Return the instances in service; see `AsyncEndpoint.instance_count`."""
        try:
            found = self._endpoints.describe(endpoint_name)
        except AwsError as exc:
            raise EndpointUnavailable(f"endpoint {endpoint_name}: {explain(exc)}") from exc
        variants = found.get("ProductionVariants", ()) if found is not None else ()
        return sum(int(variant.get("CurrentInstanceCount", 0)) for variant in variants)

    def grow(self, endpoint_name: str, instances: int) -> bool:
        """Ask for so many instances now; see `AsyncEndpoint.grow`."""
        return self._endpoints.grow(endpoint_name, instances)

    def answered_count(self, endpoint_name: str, since: datetime, until: datetime) -> int:
        """Return `InvocationsProcessed` of the time; see `AsyncEndpoint.answered_count`."""
        return self._metrics.answered_count(endpoint_name, since, until)

    def idle_since(self, endpoint_name: str, now: datetime) -> datetime | None:
        """Return since when there is no backlog; see `AsyncEndpoint.idle_since`."""
        return self._metrics.idle_since(endpoint_name, now)

    def _pause_s(self, attempt: int) -> float:
        policy = self._policy
        return pause_s(attempt, base_s=policy.backoff_base_s, cap_s=policy.backoff_cap_s)
