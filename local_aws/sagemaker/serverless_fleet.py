"""A serverless production variant: from zero containers and back to zero."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from local_aws.sagemaker.endpoint_instances import Instance, VariantSpec
from local_aws.sagemaker.errors import ApiError
from local_aws.sagemaker.fleets import invoke_surviving
from local_aws.sagemaker.model_server import Answer, ModelServer, ModelServerNotReadyError
from local_aws.sagemaker.platform import Platform


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
            return await invoke_surviving(self._server, body, headers, timeout_s)
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
