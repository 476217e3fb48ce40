"""A serverless production variant: from zero environments and back to zero."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from local_aws.faults.scenario import FaultKind, Target
from local_aws.sagemaker.container.model_server import Answer, ModelServer, ModelServerNotReadyError
from local_aws.sagemaker.endpoints.endpoint_instances import Instance, VariantSpec
from local_aws.sagemaker.endpoints.fleets import invoke_surviving
from local_aws.sagemaker.errors import ApiError
from local_aws.sagemaker.platform import Platform


class ServerlessFleet:
    """An environment for each call in flight, none after an idle time, a cap on calls in flight.

    A call that finds no idle environment starts one and waits for it: its cold start. Beyond
    ``--serverless-environments`` processes calls share, where AWS would start more. As many
    environments as are provisioned stay.
    """

    max_payload_bytes = 4 * 1024 * 1024

    def __init__(self, platform: Platform, spec: VariantSpec, config: dict[str, Any]) -> None:
        self._platform = platform
        self._spec = spec
        self._config = config
        self._limit = platform.settings.serverless_environments
        self._environments: list[Instance] = []
        self._starting = 0
        self._ready = asyncio.Condition()
        self._in_flight = 0
        self._idle_timers: dict[str, asyncio.TimerHandle] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    @property
    def _provisioned(self) -> int:
        return min(int(self._config.get("ProvisionedConcurrency", 0)), self._limit)

    async def start(self) -> None:
        """See that the model starts; keep it only when concurrency is provisioned."""
        instances = [Instance(self._platform, self._spec) for _ in range(self._provisioned or 1)]
        for instance in instances:
            await instance.start()
            self._environments.append(instance)
        if not self._provisioned:
            self._end(instances[0])
            await asyncio.gather(*self._stopping)

    async def stop(self) -> None:
        """End every environment."""
        for instance in list(self._environments):
            self._end(instance)
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
        used: list[ModelServer] = []

        async def server() -> ModelServer:
            used.append(await self._server())
            return used[-1]

        try:
            timeout_s = self._platform.settings.invocation_timeout_s
            return await invoke_surviving(server, body, headers, timeout_s)
        finally:
            self._in_flight -= 1
            self._let_idle(used[-1:])

    def describe(self) -> dict[str, Any]:
        """The configuration, as it is and as it should be."""
        return {
            "CurrentServerlessConfig": self._config,
            "DesiredServerlessConfig": self._config,
        }

    async def _server(self) -> ModelServer:
        """An idle environment, a new one, or the least busy one; its call must begin at once."""
        target = Target(resource=self._spec.endpoint, job_kind="endpoint")
        cold = self._platform.faults.hit(FaultKind.COLD_START, target)
        if cold is not None:
            for instance, server in self._alive():
                if server.in_flight == 0:
                    self._end(instance)
        while True:
            alive = self._alive()
            if any(server.in_flight == 0 for _, server in alive) or (
                alive and len(alive) + self._starting >= self._limit
            ):
                instance, server = min(alive, key=lambda pair: pair[1].in_flight)
                self._cancel_idle_timer(instance)
                return server
            if len(alive) + self._starting < self._limit:
                return await self._cold_start(cold.delay_s if cold is not None else 0.0)
            async with self._ready:
                await self._ready.wait()

    def _alive(self) -> list[tuple[Instance, ModelServer]]:
        """Environments that run, those used last first; the dead are forgotten."""
        pairs = [(each, each.server) for each in self._environments]
        alive = [(each, server) for each, server in pairs if server is not None]
        self._environments = [each for each, _ in alive]
        return alive

    async def _cold_start(self, delay_s: float) -> ModelServer:
        start = time.perf_counter()
        instance = Instance(self._platform, self._spec)
        self._starting += 1
        try:
            await asyncio.sleep(delay_s)
            await instance.start()
        except ModelServerNotReadyError as error:
            raise ApiError("ModelError", f"The container did not start: {error}", 424) from error
        finally:
            self._starting -= 1
            async with self._ready:
                self._ready.notify_all()
        setup_us = (time.perf_counter() - start) * 1e6
        self._platform.cloudwatch.put_metric(
            "AWS/SageMaker", "ModelSetupTime", [setup_us], "Microseconds", self._spec.dimensions
        )
        server = instance.server
        if server is None:
            raise ApiError("ModelError", "The container ended as soon as it was ready.", 424)
        self._environments.insert(0, instance)
        return server

    def _let_idle(self, used: list[ModelServer]) -> None:
        """Start the idle time of the environment that has just answered."""
        for instance, server in self._alive():
            if server in used and server.in_flight == 0:
                self._environments.remove(instance)
                self._environments.insert(0, instance)
                delay_s = self._platform.settings.serverless_idle_s
                timer = asyncio.get_running_loop().call_later(delay_s, self._stop_idle, instance)
                self._idle_timers[instance.name] = timer

    def _stop_idle(self, instance: Instance) -> None:
        self._idle_timers.pop(instance.name, None)
        if len(self._alive()) > self._provisioned:
            self._end(instance)

    def _end(self, instance: Instance) -> None:
        self._cancel_idle_timer(instance)
        if instance in self._environments:
            self._environments.remove(instance)
        task = asyncio.create_task(instance.stop())
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _cancel_idle_timer(self, instance: Instance) -> None:
        timer = self._idle_timers.pop(instance.name, None)
        if timer is not None:
            timer.cancel()
