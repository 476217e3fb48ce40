"""Batch transform jobs: model servers on each instance, objects dealt out among them."""

import contextlib
import itertools
from pathlib import Path
from typing import Any

from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.concurrency import all_or_first_error
from local_aws.sagemaker.container.container_files import ContainerFiles
from local_aws.sagemaker.container.images import Image
from local_aws.sagemaker.container.instance_types import instance_shape
from local_aws.sagemaker.container.model_server import (
    ModelServer,
    ModelServerNotReadyError,
    serving,
)
from local_aws.sagemaker.errors import JobFailedError, validation_exception
from local_aws.sagemaker.jobs.failure_reasons import INSTANCE_LOST, algorithm_error
from local_aws.sagemaker.jobs.job_context import JobContext
from local_aws.sagemaker.jobs.jobs import JobRunner
from local_aws.sagemaker.models import find_model, primary_container
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.s3io import S3Object, no_objects_message
from local_aws.sagemaker.telemetry.usage import observing
from local_aws.sagemaker.transform_jobs.transform_object import ObjectFailedError, ObjectTransformer
from local_aws.sagemaker.transform_jobs.transform_plan import check_transform, transform_plan


class TransformRunner(JobRunner):
    """Runs transform jobs."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def instances(self, request: dict[str, Any]) -> tuple[str, int]:
        """Instance type and count."""
        resources = request["TransformResources"]
        return resources["InstanceType"], resources["InstanceCount"]

    async def check(self, request: dict[str, Any]) -> None:
        """Refuse what AWS refuses at once."""
        model = find_model(self._platform, request["ModelName"])
        check_transform(request)
        try:
            objects = await self._list(request)
        except JobFailedError as failure:
            raise validation_exception(failure.reason) from failure
        if not objects:
            uri = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
            role = model.request.get("ExecutionRoleArn", "the execution role")
            raise validation_exception(no_objects_message(uri, self._platform.settings, role))

    async def run(self, context: JobContext) -> None:
        """Carry one job to its end."""
        model = self._platform.store.get("Model", context.request["ModelName"])
        if model is None:
            name = context.request["ModelName"]
            raise JobFailedError(f'ClientError: Could not find model "{name}".')
        container = primary_container(model)
        image = context.image(container["Image"])
        context.update(TransformStartTime=now_s())
        await context.until_stopped(self._run_cluster(context, container, image))

    async def _list(self, request: dict[str, Any]) -> list[S3Object]:
        source = request["TransformInput"]["DataSource"]["S3DataSource"]
        return await self._platform.s3.list_source(source["S3Uri"], source["S3DataType"])

    async def _run_cluster(
        self, context: JobContext, container: dict[str, Any], image: Image
    ) -> None:
        objects = await self._list(context.request)
        _, count = self.instances(context.request)
        queue = iter(list(enumerate(objects)))
        failures: list[str] = []
        model_folder = context.folder / "model"
        model_folder.mkdir(parents=True)
        if "ModelDataUrl" in container:
            await self._platform.s3.extract_model(container["ModelDataUrl"], model_folder)
        await all_or_first_error(
            self._run_host(context, container, image, f"algo-{number}", queue, failures)
            for number in range(1, min(count, len(objects)) + 1)
        )
        if failures:
            more = f" (and {len(failures) - 1} more objects)" if len(failures) > 1 else ""
            raise JobFailedError(f"{failures[0]}{more}. See job logs for more information")

    async def _run_host(
        self,
        context: JobContext,
        container: dict[str, Any],
        image: Image,
        host: str,
        queue: "itertools.chain[tuple[int, S3Object]] | Any",
        failures: list[str],
    ) -> None:
        instance_type, _ = self.instances(context.request)
        shape = instance_shape(instance_type)
        files = context.files(host, image)
        link_model(files, context.folder / "model")
        spec = context.spec(
            files,
            image,
            files.command(image, ["/opt/program/entrypoint.py", "serve"], []),
            self._environment(context.request, container),
            shape,
        )
        settings, sink = self._platform.settings, context.sink(host)
        async with contextlib.AsyncExitStack() as stack:
            try:
                server = await stack.enter_async_context(
                    serving(spec, sink, settings.startup_timeout_s)
                )
            except ModelServerNotReadyError as error:
                raise JobFailedError(f"AlgorithmError: {error}") from error
            await stack.enter_async_context(
                observing(
                    server.container.pid,
                    context.observed(host, shape),
                    self._platform.cloudwatch,
                    settings.metrics_period_s,
                )
            )
            plan = transform_plan(context.request, await server.execution_parameters())
            transformer = ObjectTransformer(
                self._platform.s3,
                server,
                plan,
                files.ml_root.parent,
                context.sink(f"{host}/data-log"),
            )
            # One more than the limit, so that the next object downloads while the last one uploads.
            await all_or_first_error(
                self._work(context, server, transformer, queue, failures)
                for _ in range(plan.max_concurrent + 1)
            )

    @staticmethod
    async def _work(
        context: JobContext,
        server: ModelServer,
        transformer: ObjectTransformer,
        queue: Any,
        failures: list[str],
    ) -> None:
        base = context.request["TransformOutput"]["S3OutputPath"].rstrip("/")
        for number, item in queue:
            try:
                await transformer.transform(item, f"{base}/{item.relative}.out", str(number))
            except ObjectFailedError as failure:
                if not server.is_alive:
                    code = await server.container.wait()
                    tail = server.container.stderr_tail
                    if server.container.is_instance_lost:
                        raise JobFailedError(INSTANCE_LOST) from failure
                    raise JobFailedError(algorithm_error(code, tail)) from failure
                failures.append(failure.reason)

    @staticmethod
    def _environment(request: dict[str, Any], container: dict[str, Any]) -> dict[str, str]:
        """The contract's variables; limits only where the request sets them, as on AWS."""
        strategies = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}
        requested = {
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": request.get("MaxPayloadInMB"),
            "SAGEMAKER_BATCH_STRATEGY": strategies.get(request.get("BatchStrategy", "")),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": request.get("MaxConcurrentTransforms"),
        }
        environment = {"SAGEMAKER_BATCH": "true"}
        environment.update({name: str(value) for name, value in requested.items() if value})
        environment.update(container.get("Environment", {}))
        environment.update(request.get("Environment", {}))
        return environment


def link_model(files: ContainerFiles, model_folder: Path) -> None:
    """Show an extracted model as the container's ``/opt/ml/model``, without a copy."""
    (files.ml_root / "model").symlink_to(model_folder)
