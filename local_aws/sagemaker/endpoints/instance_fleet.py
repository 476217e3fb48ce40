"""A production variant on instances: a fixed number of containers, the dead replaced."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from local_aws.sagemaker.concurrency import all_or_first_error, cancelled
from local_aws.sagemaker.container.model_server import Answer, ModelServer, ModelServerNotReadyError
from local_aws.sagemaker.endpoints.endpoint_instances import Instance, VariantSpec
from local_aws.sagemaker.endpoints.fleets import invoke_surviving
from local_aws.sagemaker.errors import ApiError
from local_aws.sagemaker.platform import Platform

_LOG = logging.getLogger(__name__)
_RESTART_PAUSE_S = 1.0


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
        return await invoke_surviving(self._server, body, headers, timeout_s)

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
