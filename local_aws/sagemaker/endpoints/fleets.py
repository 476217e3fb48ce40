"""What a production variant's containers have in common.

A fleet is what autoscaling and asynchronous endpoints build on: ``InstanceFleet`` keeps a number
of instances and replaces one that dies; ``ServerlessFleet`` starts from zero and returns to it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import aiohttp

from local_aws.sagemaker.container.model_server import Answer, ModelServer
from local_aws.sagemaker.errors import ApiError

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 3


class Fleet(Protocol):
    """The containers of one production variant."""

    max_payload_bytes: int

    async def start(self) -> None:
        """Be able to serve; raises ModelServerNotReadyError when the model cannot."""

    async def stop(self) -> None:
        """End every container."""

    async def invoke(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Have one container answer.

        Raises:
            ApiError: the call is refused (throttled, no capacity).
            asyncio.TimeoutError: the container did not answer in time.
        """

    def describe(self) -> dict[str, Any]:
        """The variant's part of DescribeEndpoint."""


async def invoke_surviving(
    get_server: Callable[[], Awaitable[ModelServer]],
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
) -> Answer:
    """Invoke; when the instance dies under the request, give the request to another."""
    for _ in range(_ATTEMPTS):
        server = await get_server()
        try:
            return await server.invoke(body, headers, timeout_s)
        except aiohttp.ClientError as error:
            _LOG.warning("An instance failed under a request: %r", error)
            # The kernel may close the socket a moment before the exit code is known.
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(server.container.wait(), 0.2)
    raise ApiError("ServiceUnavailable", "The model's instances fail under this request.", 503)
