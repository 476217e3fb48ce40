"""The runtime: ``POST /endpoints/{name}/invocations``, proxied to a running container."""

import json
import logging
import time
import uuid

from aiohttp import web

from local_aws.faults.registry import Faults
from local_aws.sagemaker.container.model_server import Answer
from local_aws.sagemaker.endpoints.endpoints import Endpoints
from local_aws.sagemaker.endpoints.fleets import Fleet
from local_aws.sagemaker.errors import ApiError
from local_aws.sagemaker.faults.api_faults import refuse_on_fault
from local_aws.sagemaker.settings import Settings
from local_aws.sagemaker.telemetry.invocation_metrics import InvocationMetrics

_LOG = logging.getLogger(__name__)
_CUSTOM = "X-Amzn-SageMaker-Custom-Attributes"
_FORWARDED = ("Content-Type", "Accept", _CUSTOM, "X-Amzn-SageMaker-Inference-Id")
_EXCERPT_CHARACTERS = 1024


class Runtime:
    """Answers invocations."""

    def __init__(
        self,
        settings: Settings,
        endpoints: Endpoints,
        metrics: InvocationMetrics,
        faults: Faults,
    ) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._metrics = metrics
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """The paths this answers."""
        return [
            web.post("/endpoints/{name}/invocations", self.handle),
            web.post("/endpoints/{name}/{other}", self.refuse),
        ]

    async def refuse(self, request: web.Request) -> web.Response:
        """Answer what this runtime does not offer."""
        other = request.match_info["other"]
        message = f"/{other} is not implemented by the embedded SageMaker service."
        return error_response(ApiError("ValidationError", message))

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        name = request.match_info["name"]
        try:
            return await self._invoke(name, request)
        except ApiError as error:
            return error_response(error)
        except Exception:
            _LOG.exception("Unexpected error in an invocation of %s", name)
            return internal_failure()

    async def _invoke(self, name: str, request: web.Request) -> web.Response:
        start = time.perf_counter()
        deployment = self._endpoints.deployment(name)
        if deployment is None:
            raise self._not_found(name)
        variant, fleet = deployment.choose(request.headers.get("X-Amzn-SageMaker-Target-Variant"))
        body = await self._body(request, fleet)
        headers = {key: request.headers[key] for key in _FORWARDED if key in request.headers}
        try:
            refuse_on_fault(self._faults, "InvokeEndpoint", name)
            answer = await fleet.invoke(body, headers)
            self._require_success(name, variant, answer)
            _require_response_size(answer, fleet)
        except TimeoutError as error:
            failure = self._timed_out(name, variant)
            self._metrics.record(name, variant, 500)
            raise failure from error
        except ApiError as error:
            self._metrics.record(
                name, variant, error.members.get("OriginalStatusCode", error.status)
            )
            raise
        overhead_s = time.perf_counter() - start - answer.seconds
        self._metrics.record(name, variant, 200)
        self._metrics.record_latency(name, variant, answer.seconds, overhead_s)
        response_headers = {
            "Content-Type": answer.headers.get("Content-Type", "application/octet-stream"),
            "x-Amzn-Invoked-Production-Variant": variant,
            "x-amzn-RequestId": str(uuid.uuid4()),
        }
        if _CUSTOM in answer.headers:
            response_headers[_CUSTOM] = answer.headers[_CUSTOM]
        return web.Response(body=answer.body, status=200, headers=response_headers)

    @staticmethod
    async def _body(request: web.Request, fleet: Fleet) -> bytes:
        limit = fleet.max_payload_bytes
        if (request.content_length or 0) <= limit:
            body = await request.read()
            if len(body) <= limit:
                return body
        raise ApiError(
            "ValidationError",
            "1 validation error detected: Value at 'body' failed to satisfy constraint: Member "
            f"must have length less than or equal to {limit}",
        )

    def _not_found(self, name: str) -> ApiError:
        account = self._settings.account_id
        return ApiError("ValidationError", f"Endpoint {name} of account {account} not found.")

    def _require_success(self, name: str, variant: str, answer: Answer) -> None:
        if not 200 <= answer.status < 300:
            text = answer.body[:_EXCERPT_CHARACTERS].decode("utf-8", "replace")
            raise self._model_error(name, variant, answer.status, text)

    def _timed_out(self, name: str, variant: str) -> ApiError:
        return self._model_error(
            name,
            variant,
            0,
            "Your invocation timed out while waiting for a response from container primary. "
            "Review the latency metrics for each container in Amazon CloudWatch, resolve the "
            "issue, and try again.",
        )

    def _model_error(self, name: str, variant: str, status: int, text: str) -> ApiError:
        settings = self._settings
        group = f"/aws/sagemaker/Endpoints/{name}"
        side = "client" if 400 <= status < 500 else "server"
        return ApiError(
            "ModelError",
            f'Received {side} error ({status}) from primary with message "{text}". See {group} '
            f"in account {settings.account_id} for more information.",
            424,
            {
                "OriginalStatusCode": status,
                "OriginalMessage": text,
                "LogStreamArn": (
                    f"arn:aws:logs:{settings.region}:{settings.account_id}:log-group:{group}"
                ),
            },
        )


def internal_failure() -> web.Response:
    """The answer where this service itself is at fault."""
    return error_response(ApiError("InternalFailure", "The service met an internal error.", 500))


def error_response(error: ApiError) -> web.Response:
    """``error`` as the runtime's protocol shapes it."""
    return web.Response(
        body=json.dumps({"Message": error.message, **error.members}).encode(),
        status=error.status,
        headers={
            "Content-Type": "application/json",
            "x-amzn-ErrorType": error.code,
            "x-amzn-RequestId": str(uuid.uuid4()),
        },
    )


def _require_response_size(answer: Answer, fleet: Fleet) -> None:
    if len(answer.body) > fleet.max_payload_bytes:
        raise ApiError(
            "ModelError",
            f"The container's answer of {len(answer.body)} bytes exceeds the limit of "
            f"{fleet.max_payload_bytes} bytes.",
            424,
            {"OriginalStatusCode": 200, "OriginalMessage": "response too large"},
        )
