"""The runtime's InvokeEndpointAsync: accept a request, and say where its end will stand."""

import logging
import time
import uuid
from typing import Any

from aiohttp import web

from local_aws.faults.registry import Faults
from local_aws.sagemaker.api import validation
from local_aws.sagemaker.api.protocol import load_service_model
from local_aws.sagemaker.async_inference.async_queue import AsyncQueues, AsyncRequest
from local_aws.sagemaker.endpoints.endpoints import Endpoints
from local_aws.sagemaker.endpoints.runtime import error_response, internal_failure
from local_aws.sagemaker.errors import ApiError, not_implemented
from local_aws.sagemaker.faults.api_faults import refuse_on_fault
from local_aws.sagemaker.settings import Settings

_LOG = logging.getLogger(__name__)
_DEFAULT_TTL_S = 21_600.0
_DEFAULT_TIMEOUT_S = 900.0
_NUMBERS = frozenset({"RequestTTLSeconds", "InvocationTimeoutSeconds"})
_NOT_OFFERED = ("S3OutputPathExtension", "Filename")


class AsyncRuntime:
    """Answers asynchronous invocations."""

    def __init__(
        self, settings: Settings, endpoints: Endpoints, queues: AsyncQueues, faults: Faults
    ) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._queues = queues
        self._faults = faults
        model = load_service_model("sagemaker-runtime")
        shape = model.operation_model("InvokeEndpointAsync").input_shape
        if shape is None:
            raise LookupError("botocore's model of InvokeEndpointAsync has no input")
        self._shape = shape

    def routes(self) -> list[web.RouteDef]:
        """The paths this answers."""
        return [web.post("/endpoints/{name}/async-invocations", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        name = request.match_info["name"]
        try:
            return await self._accept(name, request)
        except ApiError as error:
            return error_response(error)
        except Exception:
            _LOG.exception("Unexpected error in an asynchronous invocation of %s", name)
            return internal_failure()

    async def _accept(self, name: str, request: web.Request) -> web.Response:
        parameters = self._parameters(name, request)
        config = self._endpoints.async_config(name)
        refuse_on_fault(self._faults, "InvokeEndpointAsync", name)
        if "InputLocation" not in parameters:
            raise not_implemented("An inline Body")
        for member in _NOT_OFFERED:
            if member in parameters:
                raise not_implemented(member)
        output, stem = config["OutputConfig"], str(uuid.uuid4())
        failure_path = output.get("S3FailurePath")
        accepted = AsyncRequest(
            endpoint=name,
            inference_id=parameters.get("InferenceId") or str(uuid.uuid4()),
            input_location=parameters["InputLocation"],
            output_location=f"{output['S3OutputPath'].rstrip('/')}/{stem}.out",
            failure_location=f"{failure_path.rstrip('/')}/{stem}-error.out" if failure_path else "",
            headers=_forwarded(parameters),
            received_s=time.time(),
            ttl_s=float(parameters.get("RequestTTLSeconds", _DEFAULT_TTL_S)),
            timeout_s=float(parameters.get("InvocationTimeoutSeconds", _DEFAULT_TIMEOUT_S)),
        )
        await self._queues.accept(accepted)
        headers = {
            "X-Amzn-SageMaker-OutputLocation": accepted.output_location,
            "x-amzn-RequestId": str(uuid.uuid4()),
        }
        if accepted.failure_location:
            headers["X-Amzn-SageMaker-FailureLocation"] = accepted.failure_location
        answer = {"InferenceId": accepted.inference_id}
        return web.json_response(answer, status=202, headers=headers)

    def _parameters(self, name: str, request: web.Request) -> dict[str, Any]:
        """The request's members by name, checked by the model."""
        parameters: dict[str, Any] = {"EndpointName": name}
        shape = self._shape
        for member, member_shape in shape.members.items():
            header = member_shape.serialization.get("name", "")
            if member_shape.serialization.get("location") == "header" and header in request.headers:
                value = request.headers[header]
                is_number = member in _NUMBERS and value.isdigit()
                parameters[member] = int(value) if is_number else value
        try:
            validation.check(shape, parameters)
        except ApiError as error:
            raise ApiError("ValidationError", error.message) from error
        return parameters


def _forwarded(parameters: dict[str, Any]) -> dict[str, str]:
    """The headers that the container sees."""
    headers = {
        "Content-Type": parameters.get("ContentType", "application/octet-stream"),
        "Accept": parameters.get("Accept", "*/*"),
        "X-Amzn-SageMaker-Custom-Attributes": parameters.get("CustomAttributes", ""),
        "X-Amzn-SageMaker-Inference-Id": parameters.get("InferenceId", ""),
    }
    return {name: value for name, value in headers.items() if value}
