"""Endpoint on SageMaker Serverless Inference."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.adapters.aws.backoff import pause_s
from include.adapters.aws.errors import AwsError, error_code, error_message, explain
from include.adapters.aws.sagemaker.serverless.endpoint_provision import ServerlessEndpoints
from include.domain.errors import (
    BodyFailed,
    BodyFault,
    EndpointThrottled,
    EndpointUnavailable,
)
from include.domain.model_ref import ModelRef

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

JSON_LINES = "application/jsonlines"
MAX_BODY_BYTES = 4 * 2**20
"""What Serverless Inference takes in one call."""

_THROTTLED = frozenset(
    {"ThrottlingException", "TooManyRequestsException", "ProvisionedThroughputExceededException"}
)
_TRANSIENT = frozenset(
    {
        "ModelNotReadyException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "InternalFailure",
        "InternalDependencyException",
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "ResponseStreamingError",
        "IncompleteReadError",
    }
)


@dataclass(frozen=True, slots=True)
class InvokePolicy:
    """How hard to try.

    Attributes:
        attempts: tries of one invocation.
        model_attempts: of them, while it is the model that fails.
        backoff_base_s: upper bound of the first pause, doubling with each try.
        backoff_cap_s: upper bound of any pause.
    """

    attempts: int = 8
    model_attempts: int = 3
    backoff_base_s: float = 0.1
    backoff_cap_s: float = 10.0


class SageMakerServerlessEndpoint:
    """One serverless endpoint a model version.

    Args:
        endpoints: makes or finds it.
        runtime: SageMaker's data plane; this class retries, so the client should not.
        sleep: pauses, seconds.
    """

    def __init__(
        self,
        endpoints: ServerlessEndpoints,
        runtime: SageMakerRuntimeClient,
        *,
        policy: InvokePolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._endpoints = endpoints
        self._runtime = runtime
        self._policy = policy or InvokePolicy()
        self._sleep = sleep

    def ensure(self, model: ModelRef, *, artifact_url: str) -> str:
        """Return the endpoint's name once it is in service; see `Endpoint.ensure`."""
        return self._endpoints.ensure(model, artifact_url=artifact_url)

    def invoke(self, endpoint_name: str, body: bytes) -> bytes:
        """Send request lines and return response lines; see `Endpoint.invoke`.

        Raises:
            ValueError: the body is over `MAX_BODY_BYTES`; the caller packs smaller ones.
        """
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(
                f"endpoint {endpoint_name}: a body of {len(body):,} bytes is over the "
                f"{MAX_BODY_BYTES:,} that Serverless Inference takes"
            )
        for attempt in range(1, self._policy.attempts + 1):
            try:
                answer = self._runtime.invoke_endpoint(
                    EndpointName=endpoint_name, ContentType=JSON_LINES, Accept=JSON_LINES, Body=body
                )
                return answer["Body"].read()
            except AwsError as exc:
                told = (
                    f"endpoint {endpoint_name}: invocation failed after {attempt} "
                    f"tries: {explain(exc)}"
                )
                if error_code(exc) in _THROTTLED:
                    raise EndpointThrottled(told) from exc
                fault = _body_fault(exc)
                is_retried = (
                    fault is BodyFault.MODEL_FAILED and attempt < self._policy.model_attempts
                )
                if fault is not None and not is_retried:
                    raise BodyFailed(fault, told) from exc
                if fault is None and (
                    attempt == self._policy.attempts or error_code(exc) not in _TRANSIENT
                ):
                    raise EndpointUnavailable(told) from exc
                self._sleep(self._pause_s(attempt))
        raise AssertionError("the last attempt returns or raises")

    def _pause_s(self, attempt: int) -> float:
        policy = self._policy
        return pause_s(attempt, base_s=policy.backoff_base_s, cap_s=policy.backoff_cap_s)


def _body_fault(exc: Exception) -> BodyFault | None:
    """Return what the body did to the endpoint; None where the body is not to blame."""
    code = error_code(exc)
    if code == "ReadTimeoutError":
        return BodyFault.TIMED_OUT
    response = getattr(exc, "response", {})
    if response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 413:
        return BodyFault.TOO_LARGE
    if code == "ValidationError" and "must have length" in error_message(exc):
        return BodyFault.TOO_LARGE
    if code != "ModelError":
        return None
    status = int(response.get("OriginalStatusCode", 500))
    if status == 413:
        return BodyFault.TOO_LARGE
    if status in (0, 408) or "timed out" in error_message(exc):
        return BodyFault.TIMED_OUT
    return BodyFault.REFUSED if 400 <= status < 500 else BodyFault.MODEL_FAILED
