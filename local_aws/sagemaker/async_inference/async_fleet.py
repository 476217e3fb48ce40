"""An asynchronous production variant: 0 to n instances that empty the endpoint's queue."""

import asyncio
from collections.abc import Mapping
from typing import Any

from local_aws.sagemaker.async_inference.async_delivery import MAX_PAYLOAD_BYTES, Delivery
from local_aws.sagemaker.async_inference.async_inference import AsyncInference
from local_aws.sagemaker.async_inference.async_instance import AsyncInstance
from local_aws.sagemaker.async_inference.async_notifications import Notifier
from local_aws.sagemaker.concurrency import all_or_first_error
from local_aws.sagemaker.container.model_server import Answer
from local_aws.sagemaker.endpoints.endpoint_instances import Instance, VariantSpec
from local_aws.sagemaker.errors import ApiError
from local_aws.sagemaker.limits import InstanceLease
from local_aws.sagemaker.platform import Platform

#: AWS "chooses an optimal value" where MaxConcurrentInvocationsPerInstance is not given.
_DEFAULT_CONCURRENCY = 4


class AsyncFleet:
    """A number of instances that can be set; scaling in lets requests in flight finish.

    Args:
        config: the endpoint configuration's AsyncInferenceConfig.
        lease: the instances held from the quota.
        count: instances to begin with; 0 after a restart of a service that had scaled in.
    """

    max_payload_bytes = MAX_PAYLOAD_BYTES

    def __init__(
        self,
        platform: Platform,
        spec: VariantSpec,
        asynchronous: AsyncInference,
        config: dict[str, Any],
        lease: InstanceLease,
        count: int,
    ) -> None:
        self._platform = platform
        self._spec = spec
        self._asynchronous = asynchronous
        self._lease = lease
        self._desired = count
        client = config.get("ClientConfig", {})
        self._concurrency = client.get("MaxConcurrentInvocationsPerInstance", _DEFAULT_CONCURRENCY)
        notifier = Notifier(platform, config["OutputConfig"].get("NotificationConfig"))
        self._delivery = Delivery(platform, spec, asynchronous.metrics, notifier)
        self._instances: list[AsyncInstance] = []
        self._draining: set[asyncio.Task[None]] = set()

    @property
    def ready_count(self) -> int:
        """Instances that take requests."""
        return sum(1 for instance in self._instances if instance.is_ready)

    async def start(self) -> None:
        """Start the instances it begins with."""
        await self._grow(self._desired)
        self._asynchronous.watch(self._spec.endpoint, self)

    async def stop(self) -> None:
        """End every instance now; their requests wait for another."""
        self._asynchronous.unwatch(self._spec.endpoint, self)
        for task in self._draining:
            task.cancel()
        everyone = [instance.stop() for instance in self._instances]
        await asyncio.gather(*everyone, *self._draining, return_exceptions=True)
        self._instances = []

    async def invoke(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Refuse: an asynchronous endpoint takes asynchronous invocations alone."""
        raise ApiError(
            "ValidationError",
            f"Endpoint {self._spec.endpoint} is an asynchronous endpoint: use InvokeEndpointAsync.",
        )

    def describe(self) -> dict[str, Any]:
        """Counts, as they are and as they should be."""
        return {"CurrentInstanceCount": self.ready_count, "DesiredInstanceCount": self._desired}

    def reserve(self, count: int) -> None:
        """Take or give back instances of the quota, for :meth:`resize` to follow.

        Raises:
            ApiError: ``ResourceLimitExceeded``.
        """
        self._lease.resize(count)
        self._desired = count

    async def resize(self) -> None:
        """Bring the instances to the reserved number; return when new ones are ready.

        Raises:
            ModelServerNotReadyError: a new instance does not start; the number is as before.
        """
        missing = self._desired - len(self._instances)
        if missing > 0:
            try:
                await self._grow(missing)
            except BaseException:
                self.reserve(len(self._instances))
                raise
        elif missing < 0:
            self._shrink(-missing)

    async def _grow(self, count: int) -> None:
        instances = [self._new_instance() for _ in range(count)]
        try:
            await all_or_first_error(instance.start() for instance in instances)
        except BaseException:
            await asyncio.gather(*(instance.stop() for instance in instances))
            raise
        self._instances += instances

    def _shrink(self, count: int) -> None:
        """Drain the least busy instances; they end when their requests have."""
        self._instances.sort(key=lambda instance: -instance.in_flight)
        leaving = self._instances[-count:]
        del self._instances[-count:]
        for instance in leaving:
            task = asyncio.create_task(self._drain(instance))
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)

    @staticmethod
    async def _drain(instance: AsyncInstance) -> None:
        try:
            await instance.drain()
        except asyncio.CancelledError:
            await instance.stop()
            raise

    def _new_instance(self) -> AsyncInstance:
        queues = self._asynchronous.queues
        return AsyncInstance(
            lambda: Instance(self._platform, self._spec),
            queues.of(self._spec.endpoint),
            self._delivery.deliver,
            queues.finish,
            self._concurrency,
        )
