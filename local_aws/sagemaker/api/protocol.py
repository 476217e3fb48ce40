"""AWS JSON 1.1: one path, the operation in a header, each request checked by the model."""

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import botocore.session
from aiohttp import web
from botocore.model import ServiceModel

from local_aws.faults.registry import Faults
from local_aws.sagemaker.api import validation
from local_aws.sagemaker.errors import ApiError, not_implemented, validation_exception
from local_aws.sagemaker.faults.api_faults import refuse_on_fault, resource_of

_LOG = logging.getLogger(__name__)
_CONTENT_TYPE = "application/x-amz-json-1.1"

Request = dict[str, Any]
Handler = Callable[[Request], Awaitable[dict[str, Any]]]


def load_service_model(service: str = "sagemaker") -> ServiceModel:
    """A service's own description of its operations, as botocore ships it."""
    return botocore.session.get_session().get_service_model(service)


class ControlPlane:
    """Answers control-plane requests through a table of handlers, one an operation.

    A handler takes the validated request and returns the response; what the response shape does
    not have is dropped, so a handler may answer with its whole record.
    """

    def __init__(
        self, model: ServiceModel, handlers: Mapping[str, Handler], faults: Faults
    ) -> None:
        self._model = model
        self._handlers = dict(handlers)
        self._faults = faults

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        try:
            body = await self._dispatch(request)
            status = 200
        except ApiError as error:
            status = error.status
            body = {"__type": error.code, "message": error.message, **error.members}
        except Exception:
            _LOG.exception("Unexpected error in %s", request.headers.get("X-Amz-Target"))
            status = 500
            body = {"__type": "InternalFailure", "message": "The service met an internal error."}
        return web.Response(
            body=json.dumps(body).encode(),
            status=status,
            headers={"Content-Type": _CONTENT_TYPE, "x-amzn-RequestId": str(uuid.uuid4())},
        )

    async def _dispatch(self, request: web.Request) -> dict[str, Any]:
        name = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if name not in self._model.operation_names:
            raise ApiError("UnknownOperationException", f"Unknown operation '{name}'.")
        handler = self._handlers.get(name)
        if handler is None:
            raise not_implemented(name)
        try:
            parameters = json.loads(await request.read() or b"{}")
        except ValueError as error:
            raise ApiError("SerializationException", f"The body is not JSON: {error}") from error
        operation = self._model.operation_model(name)
        if operation.input_shape is not None:
            validation.check(operation.input_shape, parameters)
        elif parameters:
            raise validation_exception(f"{name} takes no parameters.")
        refuse_on_fault(self._faults, name, resource_of(parameters))
        answer = await handler(parameters)
        pruned = validation.pruned(operation.output_shape, answer)
        return pruned if isinstance(pruned, dict) and operation.output_shape else {}
