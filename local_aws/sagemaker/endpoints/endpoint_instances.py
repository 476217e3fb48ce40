"""One instance behind an endpoint: a model server kept running by a task of its own."""

import asyncio
import contextlib
import dataclasses
import itertools
import shutil
from pathlib import Path
from typing import Any

from local_aws.faults.scenario import Target
from local_aws.sagemaker.concurrency import cancelled
from local_aws.sagemaker.container.container_environment import container_environment
from local_aws.sagemaker.container.container_files import ContainerFiles
from local_aws.sagemaker.container.containers import ContainerSpec
from local_aws.sagemaker.container.instance_types import InstanceShape
from local_aws.sagemaker.container.model_server import (
    ModelServer,
    ModelServerNotReadyError,
    serving,
)
from local_aws.sagemaker.faults.container_faults import ContainerFaults
from local_aws.sagemaker.jobs.failure_reasons import image_not_found
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.telemetry.cloudwatch import Dimensions
from local_aws.sagemaker.telemetry.usage import Observed, observing

_NAMESPACE = "/aws/sagemaker/Endpoints"


@dataclasses.dataclass(frozen=True)
class VariantSpec:
    """What the instances of one production variant have in common.

    Attributes:
        container: the model's container definition.
        model_folder: its artifact, extracted once and shown to each instance.
        folder: where the instances' file systems are made.
    """

    endpoint: str
    variant: str
    container: dict[str, Any]
    role_arn: str
    is_isolated: bool
    model_folder: Path
    folder: Path
    shape: InstanceShape
    startup_timeout_s: float

    @property
    def dimensions(self) -> Dimensions:
        """Metric dimensions of the variant."""
        return (("EndpointName", self.endpoint), ("VariantName", self.variant))


class Instance:
    """A container that serves; :meth:`start` it once, :meth:`stop` it once."""

    _numbers = itertools.count(1)

    def __init__(self, platform: Platform, spec: VariantSpec) -> None:
        self._platform = platform
        self._spec = spec
        self.name = f"i-{next(self._numbers):08x}"
        self._task: asyncio.Task[None] | None = None
        self._server: ModelServer | None = None

    @property
    def server(self) -> ModelServer | None:
        """The model server, while it is alive."""
        server = self._server
        return server if server is not None and server.is_alive else None

    async def start(self) -> None:
        """Return when the container answers ``/ping``.

        Raises:
            ModelServerNotReadyError: it does not; the instance has been cleaned up.
        """
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep(ready), name=f"instance {self.name}")
        try:
            await ready
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the container with SIGTERM and the grace."""
        if self._task is not None:
            await cancelled([self._task])

    async def ended(self) -> None:
        """Return when the container has ended, for whatever reason."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _keep(self, ready: "asyncio.Future[None]") -> None:
        spec, platform = self._spec, self._platform
        try:
            async with contextlib.AsyncExitStack() as stack:
                server = await stack.enter_async_context(
                    serving(self._container_spec(), self._log, spec.startup_timeout_s)
                )
                observed = Observed(_NAMESPACE, spec.dimensions, spec.shape)
                period_s = platform.settings.metrics_period_s
                await stack.enter_async_context(
                    observing(server.container.pid, observed, platform.cloudwatch, period_s)
                )
                self._server = server
                if not ready.done():
                    ready.set_result(None)
                await server.container.wait()
                self._log(f"The container ended with exit code {server.container.exit_code}.")
        except (ModelServerNotReadyError, OSError) as error:
            if not ready.done():
                ready.set_exception(ModelServerNotReadyError(str(error)))
        finally:
            shutil.rmtree(spec.folder / self.name, ignore_errors=True)
            if not ready.done():
                ready.cancel()

    def _log(self, line: str) -> None:
        group = f"{_NAMESPACE}/{self._spec.endpoint}"
        self._platform.cloudwatch.put_line(group, f"{self._spec.variant}/{self.name}", line)

    def _container_spec(self) -> ContainerSpec:
        spec, settings = self._spec, self._platform.settings
        image = self._platform.images.find(spec.container["Image"])
        if image is None:
            reason = image_not_found(spec.container["Image"], settings, spec.role_arn)
            raise ModelServerNotReadyError(reason)
        if image.absence:
            raise ModelServerNotReadyError(f"The image cannot be run: {image.absence}")
        ml_root = spec.folder / self.name / "ml"
        ml_root.mkdir(parents=True, exist_ok=True)
        (ml_root / "model").symlink_to(spec.model_folder)
        files = ContainerFiles(ml_root, image.program)
        role = {} if spec.is_isolated else settings.client_environment
        job = spec.container.get("Environment", {})
        return ContainerSpec(
            command=files.command(image, ["/opt/program/entrypoint.py", "serve"], []),
            environment=container_environment(files, image, spec.shape, role, job),
            folder=ml_root,
            grace=lambda: settings.stop_grace_s,
            grace_cap=self._platform.grace_cap,
            faults=ContainerFaults(
                self._platform.faults,
                Target(resource=spec.endpoint, job_kind="endpoint", host=self.name),
            ),
        )
