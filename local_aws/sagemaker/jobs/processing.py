"""Processing jobs: a container on each instance, its inputs from S3, its outputs to S3."""

import contextlib
from pathlib import Path
from typing import Any

from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.concurrency import all_or_first_error
from local_aws.sagemaker.container.container_files import ContainerFiles
from local_aws.sagemaker.container.container_run import (
    read_text,
    resource_config,
    run_to_end,
    write_json,
)
from local_aws.sagemaker.container.images import Image
from local_aws.sagemaker.container.instance_types import instance_shape
from local_aws.sagemaker.errors import JobFailedError, not_implemented
from local_aws.sagemaker.jobs.job_context import JobContext
from local_aws.sagemaker.jobs.job_data import FolderMirror, download_all
from local_aws.sagemaker.jobs.jobs import JobRunner
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.s3io import S3Object, no_objects_message, shard

#: Without a stopping condition a processing job may run for a day.
_DEFAULT_MAX_RUNTIME_S = 24 * 3600


class ProcessingRunner(JobRunner):
    """Runs processing jobs."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def instances(self, request: dict[str, Any]) -> tuple[str, int]:
        """Instance type and count."""
        cluster = request["ProcessingResources"]["ClusterConfig"]
        return cluster["InstanceType"], cluster["InstanceCount"]

    async def check(self, request: dict[str, Any]) -> None:
        """Refuse what AWS refuses at once."""
        for item in request.get("ProcessingInputs", ()):
            if "S3Input" not in item:
                raise not_implemented("A processing input other than S3Input")
            if item["S3Input"].get("S3InputMode", "File") != "File":
                raise not_implemented("S3InputMode other than File")

    async def run(self, context: JobContext) -> None:
        """Carry one job to its end."""
        request = context.request
        image = context.image(request["AppSpecification"]["ImageUri"])
        context.update(ProcessingStartTime=now_s())
        limit = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
        await context.until_stopped(
            self._run_cluster(context, image), limit or _DEFAULT_MAX_RUNTIME_S
        )

    async def _run_cluster(self, context: JobContext, image: Image) -> None:
        _, count = self.instances(context.request)
        hosts = [f"algo-{index + 1}" for index in range(count)]
        files = {host: context.files(host, image) for host in hosts}
        await self._download(context, files)
        await all_or_first_error(
            self._run_host(context, image, host, hosts, files[host]) for host in hosts
        )
        message = read_text(files[hosts[0]].host_path("/opt/ml/output/message"))
        if message:
            context.update(ExitMessage=message)
        for host in hosts:
            for mirror in self._mirrors(context, files[host], None):
                await mirror.sync()

    async def _download(self, context: JobContext, files: dict[str, ContainerFiles]) -> None:
        works = []
        for item in context.request.get("ProcessingInputs", ()):
            source = item["S3Input"]
            objects = await self._platform.s3.list_source(
                source["S3Uri"], source.get("S3DataType", "S3Prefix")
            )
            if not objects:
                words = no_objects_message(
                    source["S3Uri"], self._platform.settings, context.role_arn
                )
                raise JobFailedError(f"ClientError: Data download failed:{words}")
            gunzip = source.get("S3CompressionType", "None") == "Gzip"
            for host_files, share in zip(
                files.values(), self._shares(source, objects, len(files)), strict=True
            ):
                folder = _host_path(host_files, source["LocalPath"])
                works.append(download_all(self._platform.s3, share, folder, gunzip))
        await all_or_first_error(works)

    @staticmethod
    def _shares(
        source: dict[str, Any], objects: list[S3Object], count: int
    ) -> list[list[S3Object]]:
        if source.get("S3DataDistributionType") == "ShardedByS3Key":
            return list(shard(objects, count))
        return [objects] * count

    async def _run_host(
        self, context: JobContext, image: Image, host: str, hosts: list[str], files: ContainerFiles
    ) -> None:
        request = context.request
        instance_type, _ = self.instances(request)
        shape = instance_shape(instance_type)
        config = files.host_path("/opt/ml/config")
        write_json(config / "resourceconfig.json", resource_config(host, hosts, instance_type))
        write_json(config / "processingjobconfig.json", request)
        files.host_path("/opt/ml/output").mkdir(parents=True, exist_ok=True)
        application = request["AppSpecification"]
        spec = context.spec(
            files,
            image,
            files.command(
                image,
                application.get("ContainerEntrypoint", ["/opt/program/entrypoint.py", "process"]),
                application.get("ContainerArguments", []),
            ),
            {"PROCESSING_JOB_ARN": context.record.arn, **request.get("Environment", {})},
            shape,
            request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False),
        )
        async with contextlib.AsyncExitStack() as stack:
            for mirror in self._mirrors(context, files, "Continuous"):
                await stack.enter_async_context(mirror.following(self._platform.settings.poll_s))
            failure = files.host_path("/opt/ml/output/failure")
            await run_to_end(context, host, spec, shape, failure)

    def _mirrors(
        self, context: JobContext, files: ContainerFiles, mode: str | None
    ) -> list[FolderMirror]:
        """One per S3 output (of upload ``mode``, or of any), its folder made."""
        mirrors = []
        for item in context.request.get("ProcessingOutputConfig", {}).get("Outputs", ()):
            output = item.get("S3Output")
            if output is None or (mode is not None and output["S3UploadMode"] != mode):
                continue
            folder = _host_path(files, output["LocalPath"])
            folder.mkdir(parents=True, exist_ok=True)
            mirrors.append(FolderMirror(self._platform.s3, folder, output["S3Uri"]))
        return mirrors


def _host_path(files: ContainerFiles, local_path: str) -> Path:
    try:
        return files.host_path(local_path)
    except ValueError as error:
        raise JobFailedError(f"ClientError: {error}") from error
