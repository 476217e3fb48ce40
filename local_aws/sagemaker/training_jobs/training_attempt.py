"""One attempt of a training job: download, run on every host, keep checkpoints in S3."""

import asyncio
import contextlib
import dataclasses
import enum
from typing import Any

from local_aws.sagemaker.concurrency import all_or_first_error, first_of
from local_aws.sagemaker.container.container_files import ContainerFiles, output_folders
from local_aws.sagemaker.container.container_run import run_to_end
from local_aws.sagemaker.container.containers import ContainerSpec
from local_aws.sagemaker.container.images import Image
from local_aws.sagemaker.container.instance_types import instance_shape
from local_aws.sagemaker.faults.fault_interruption import interrupted_on_fault
from local_aws.sagemaker.jobs.job_context import JobContext
from local_aws.sagemaker.jobs.job_data import FolderMirror, download_all
from local_aws.sagemaker.s3io import shard
from local_aws.sagemaker.training_jobs.training_files import prepare
from local_aws.sagemaker.training_jobs.training_interruption import Interruptions
from local_aws.sagemaker.training_jobs.training_status import enter

_CHECKPOINTS = "/opt/ml/checkpoints"


class AttemptEnd(enum.Enum):
    """How an attempt ended, when the containers did not fail."""

    COMPLETED = "work"
    STOPPED = "stop"
    MAX_RUNTIME = "time_up"
    INTERRUPTED = "interruption"


class TrainingAttempt:
    """Fresh instances for a job; a spot job may need several in turn."""

    def __init__(
        self, context: JobContext, image: Image, hosts: list[str], interruptions: Interruptions
    ) -> None:
        self._context = context
        self._image = image
        self._hosts = hosts
        self._interruptions = interruptions
        self._instance_type: str = context.request["ResourceConfig"]["InstanceType"]
        self.files: dict[str, ContainerFiles] = {host: context.files(host, image) for host in hosts}

    async def run(self, max_runtime_s: float) -> AttemptEnd:
        """Run until the containers end, the job is stopped or interrupted, or time is up.

        Containers that must end early get SIGTERM and their grace (for an interruption, its
        notice), and their checkpoints are in S3 before this returns.

        Raises:
            JobFailedError: data could not be read, or a container failed.
        """
        context = self._context
        name = context.record.name
        checkpoints = self._checkpoint_mirrors()
        try:
            async with contextlib.AsyncExitStack() as stack:
                for mirror in checkpoints:
                    poll_s = context.platform.settings.poll_s
                    await stack.enter_async_context(mirror.following(poll_s))
                outcome = await first_of(
                    work=self._work(checkpoints),
                    stop=context.stop_requested.wait(),
                    interruption=self._interruptions.requested(name),
                    time_up=asyncio.sleep(max(0.0, max_runtime_s)),
                )
        finally:
            for mirror in checkpoints:
                await mirror.sync()
        return AttemptEnd(outcome)

    async def _work(self, checkpoints: list[FolderMirror]) -> None:
        request = self._context.request
        enter(self._context, "Downloading")
        for host, files in self.files.items():
            prepare(files, request, host, self._hosts, self._instance_type)
        await all_or_first_error(
            self._download_channel(channel) for channel in request.get("InputDataConfig", ())
        )
        await self._download_checkpoints(checkpoints)
        enter(self._context, "Training")
        outputs = [
            folder for files in self.files.values() for folder in output_folders(files.ml_root)
        ]
        async with interrupted_on_fault(self._context, self._interruptions, outputs):
            await all_or_first_error(self._run_host(host) for host in self._hosts)

    async def _download_channel(self, channel: dict[str, Any]) -> None:
        s3, source = self._context.platform.s3, channel["DataSource"]["S3DataSource"]
        objects = await s3.list_source(source["S3Uri"], source["S3DataType"])
        is_sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
        shares = (
            list(shard(objects, len(self._hosts))) if is_sharded else [objects] * len(self._hosts)
        )
        gunzip = channel.get("CompressionType", "None") == "Gzip"
        await all_or_first_error(
            download_all(
                s3, share, files.ml_root / "input" / "data" / channel["ChannelName"], gunzip
            )
            for files, share in zip(self.files.values(), shares, strict=True)
        )

    def _checkpoint_mirrors(self) -> list[FolderMirror]:
        """One a host; with several hosts each has a prefix of its own, so that none overwrites."""
        config = self._context.request.get("CheckpointConfig")
        if config is None:
            return []
        s3, base = self._context.platform.s3, config["S3Uri"].rstrip("/")
        is_single = len(self._hosts) == 1
        return [
            FolderMirror(
                s3,
                files.host_path(config.get("LocalPath", _CHECKPOINTS)),
                base if is_single else f"{base}/{host}",
            )
            for host, files in self.files.items()
        ]

    async def _download_checkpoints(self, mirrors: list[FolderMirror]) -> None:
        s3 = self._context.platform.s3
        for mirror in mirrors:
            objects = await s3.list_source(mirror.uri + "/")
            await download_all(s3, objects, mirror.folder)
            mirror.mark_current()

    async def _run_host(self, host: str) -> None:
        context, files = self._context, self.files[host]
        shape = instance_shape(self._instance_type)
        spec = self._spec(host, files)
        failure_file = files.ml_root / "output" / "failure"
        await run_to_end(context, host, spec, shape, failure_file)

    def _spec(self, host: str, files: ContainerFiles) -> ContainerSpec:
        request, record = self._context.request, self._context.record
        algorithm = request["AlgorithmSpecification"]
        command = files.command(
            self._image,
            algorithm.get("ContainerEntrypoint", ["/opt/program/entrypoint.py", "train"]),
            algorithm.get("ContainerArguments", []),
        )
        environment = {
            "TRAINING_JOB_NAME": record.name,
            "TRAINING_JOB_ARN": record.arn,
            **request.get("Environment", {}),
        }
        spec = self._context.spec(
            files,
            self._image,
            command,
            environment,
            instance_shape(self._instance_type),
            request.get("EnableNetworkIsolation", False),
        )
        grace = spec.grace

        def notice_or_grace() -> float:
            return self._interruptions.notice_s(record.name, grace())

        return dataclasses.replace(spec, grace=notice_or_grace)
