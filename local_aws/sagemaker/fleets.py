"""The two ways a production variant is served: on instances, or serverless.

A fleet is what autoscaling and async endpoints build on: ``InstanceFleet`` keeps a number of
instances and replaces one that dies; ``ServerlessFleet`` starts from zero and returns to it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp

from local_aws.sagemaker.concurrency import all_or_first_error, cancelled
from local_aws.sagemaker.endpoint_instances import Instance, VariantSpec
from local_aws.sagemaker.errors import ApiError
from local_aws.sagemaker.model_server import Answer, ModelServer, ModelServerNotReadyError
from local_aws.sagemaker.platform import Platform

_LOG = logging.getLogger(__name__)
_RESTART_PAUSE_S = 1.0
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


async def _invoke_surviving(
    get_server: Any, body: bytes, headers: Mapping[str, str], timeout_s: float
) -> Answer:
    """Invoke; when the instance dies under the request, give the request to another."""
    for _ in range(_ATTEMPTS):
        server: ModelServer = await get_server()
        try:
            return await server.invoke(body, headers, timeout_s)
        except aiohttp.ClientError as error:
            _LOG.warning("An instance failed under a request: %r", error)
            # The kernel may close the socket a moment before the exit code is known.
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(server.container.wait(), 0.2)
    raise ApiError("ServiceUnavailable", "The model's instances fail under this request.", 503)


class InstanceFleet:
    """A fixed number of instances; a call goes to the one with the fewest in flight."""

    max_payload_bytes = 6 * 1024 * 1024

    def __init__(self, platform: Platform, spec: VariantSpec, count: int) -> None:
        self._platform = platform
        self._spec = spec
        self._count = count
        self._instances: list[Instance] = []
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start all instances; then keep their number."""
        instances = [Instance(self._platform, self._spec) for _ in range(self._count)]
        try:
            await all_or_first_error(instance.start() for instance in instances)
        except BaseException:
            await asyncio.gather(*(instance.stop() for instance in instances))
            raise
        self._instances = instances
        self._keepers = [
            asyncio.create_task(self._keep(slot)) for slot in range(len(self._instances))
        ]

    async def stop(self) -> None:
        """End every instance."""
        await cancelled(self._keepers)
        await asyncio.gather(*(instance.stop() for instance in self._instances))
        self._instances = []

    async def invoke(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Have the least busy instance answer."""
        timeout_s = self._platform.settings.invocation_timeout_s
        return await _invoke_surviving(self._server, body, headers, timeout_s)

    def describe(self) -> dict[str, Any]:
        """Counts, as they are and as they should be."""
        alive = sum(1 for instance in self._instances if instance.server is not None)
        return {"CurrentInstanceCount": alive, "DesiredInstanceCount": self._count}

    async def _server(self) -> ModelServer:
        deadline = time.monotonic() + self._platform.settings.invocation_timeout_s
        while time.monotonic() < deadline:
            servers = [instance.server for instance in self._instances]
            alive = [server for server in servers if server is not None]
            if alive:
                return min(alive, key=lambda server: server.in_flight)
            await asyncio.sleep(0.02)
        raise ApiError("ServiceUnavailable", "No instance of the endpoint is healthy.", 503)

    async def _keep(self, slot: int) -> None:
        while True:
            await self._instances[slot].ended()
            replacement = Instance(self._platform, self._spec)
            try:
                await replacement.start()
            except ModelServerNotReadyError as error:
                _LOG.warning("%s: a replacement failed: %s", self._spec.endpoint, error)
                await asyncio.sleep(_RESTART_PAUSE_S)
            self._instances[slot] = replacement


class ServerlessFleet:
    """No container until a call comes, none after an idle time, a cap on calls in flight.

    One container process answers all concurrent calls; AWS would start more environments. With
    provisioned concurrency the container stays.
    """

    max_payload_bytes = 4 * 1024 * 1024

    def __init__(self, platform: Platform, spec: VariantSpec, config: dict[str, Any]) -> None:
        self._platform = platform
        self._spec = spec
        self._config = config
        self._instance: Instance | None = None
        self._starting = asyncio.Lock()
        self._in_flight = 0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._stopping: set[asyncio.Task[None]] = set()

    @property
    def _is_provisioned(self) -> bool:
        return bool(self._config.get("ProvisionedConcurrency", 0))

    async def start(self) -> None:
        """See that the model starts; keep it only when concurrency is provisioned."""
        instance = Instance(self._platform, self._spec)
        await instance.start()
        if self._is_provisioned:
            self._instance = instance
        else:
            await instance.stop()

    async def stop(self) -> None:
        """End the container, if there is one."""
        self._cancel_idle_timer()
        if self._instance is not None:
            await self._instance.stop()
        await asyncio.gather(*self._stopping)

    async def invoke(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Answer, after a cold start if need be."""
        limit = self._config["MaxConcurrency"]
        if self._in_flight >= limit:
            raise ApiError(
                "ThrottlingException",
                f"Maximum concurrency of {limit} exceeded for endpoint {self._spec.endpoint}.",
                429,
            )
        self._in_flight += 1
        self._cancel_idle_timer()
        try:
            timeout_s = self._platform.settings.invocation_timeout_s
            return await _invoke_surviving(self._server, body, headers, timeout_s)
        finally:
            self._in_flight -= 1
            if self._in_flight == 0 and not self._is_provisioned:
                delay_s = self._platform.settings.serverless_idle_s
                loop = asyncio.get_running_loop()
                self._idle_timer = loop.call_later(delay_s, self._stop_idle)

    def describe(self) -> dict[str, Any]:
        """The configuration, as it is and as it should be."""
        return {
            "CurrentServerlessConfig": self._config,
            "DesiredServerlessConfig": self._config,
        }

    async def _server(self) -> ModelServer:
        async with self._starting:
            if self._instance is None or self._instance.server is None:
                await self._cold_start()
            server = self._instance.server if self._instance is not None else None
        if server is None:
            raise ApiError("ModelError", "The container ended as soon as it was ready.", 424)
        return server

    async def _cold_start(self) -> None:
        start = time.perf_counter()
        instance = Instance(self._platform, self._spec)
        try:
            await instance.start()
        except ModelServerNotReadyError as error:
            raise ApiError("ModelError", f"The container did not start: {error}", 424) from error
        self._instance = instance
        setup_us = (time.perf_counter() - start) * 1e6
        self._platform.cloudwatch.put_metric(
            "AWS/SageMaker", "ModelSetupTime", [setup_us], "Microseconds", self._spec.dimensions
        )

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _stop_idle(self) -> None:
        instance, self._instance = self._instance, None
        if instance is not None:
            task = asyncio.create_task(instance.stop())
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)
