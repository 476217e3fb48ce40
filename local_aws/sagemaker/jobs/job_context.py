"""What a running job works with: its record, its folder, its stop request."""

import asyncio
import shutil
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from local_aws.faults.scenario import Target
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.concurrency import first_of
from local_aws.sagemaker.container.container_environment import container_environment
from local_aws.sagemaker.container.container_files import ContainerFiles, output_folders
from local_aws.sagemaker.container.containers import ContainerSpec, LogSink
from local_aws.sagemaker.container.images import Image
from local_aws.sagemaker.container.instance_types import InstanceShape
from local_aws.sagemaker.errors import JobFailedError, JobStoppedError
from local_aws.sagemaker.faults.container_faults import ContainerFaults
from local_aws.sagemaker.jobs.failure_reasons import image_not_found
from local_aws.sagemaker.jobs.job_kinds import JobKind
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record
from local_aws.sagemaker.telemetry.cloudwatch import Dimensions
from local_aws.sagemaker.telemetry.usage import Observed


class JobContext:
    """One job, from its creation to its end."""

    def __init__(self, kind: JobKind, record: Record, platform: Platform) -> None:
        self.kind = kind
        self.record = record
        self.platform = platform
        self.stop_requested = asyncio.Event()
        self.folder: Path = platform.settings.jobs_dir / kind.resource / record.name

    @property
    def request(self) -> dict[str, Any]:
        """The request that created the job."""
        return self.record.request

    @property
    def role_arn(self) -> str:
        """The job's role, for messages."""
        return str(self.request.get("RoleArn", "the execution role"))

    def update(self, **fields: Any) -> None:
        """Merge ``fields`` into the record and write it through."""
        self.record.fields.update(fields, LastModifiedTime=now_s())
        self.platform.store.save(self.record)

    def image(self, uri: str) -> Image:
        """The image on this host.

        Raises:
            JobFailedError: the images file does not know it, or it is not installed.
        """
        image = self.platform.images.find(uri)
        if image is None:
            reason = image_not_found(uri, self.platform.settings, self.role_arn)
            raise JobFailedError(reason)
        if image.absence:
            raise JobFailedError(f"ClientError: image {uri} cannot be run: {image.absence}")
        return image

    def files(self, host: str, image: Image) -> ContainerFiles:
        """A fresh file system for ``host`` (``algo-1``), removed with the job's folder."""
        ml_root = self.folder / host / "ml"
        shutil.rmtree(ml_root, ignore_errors=True)
        ml_root.mkdir(parents=True)
        return ContainerFiles(ml_root, image.program)

    def spec(
        self,
        files: ContainerFiles,
        image: Image,
        command: list[str],
        environment: dict[str, str],
        shape: InstanceShape,
        is_isolated: bool = False,
    ) -> ContainerSpec:
        """What to run on one host of this job."""
        settings = self.platform.settings
        role = {} if is_isolated else settings.client_environment
        return ContainerSpec(
            command=command,
            environment=container_environment(files, image, shape, role, environment),
            folder=files.ml_root,
            grace=lambda: settings.stop_grace_s,
            grace_cap=self.platform.grace_cap,
            faults=self._faults(files),
            niceness=settings.job_niceness,
        )

    def _faults(self, files: ContainerFiles) -> ContainerFaults:
        root = files.ml_root
        target = Target(
            resource=self.record.name, job_kind=self.kind.verb.lower(), host=root.parent.name
        )
        return ContainerFaults(self.platform.faults, target, output_folders(root))

    def sink(self, host: str) -> LogSink:
        """Where a host's lines go: stream ``<job>/<host>`` of the kind's log group."""
        cloudwatch, group = self.platform.cloudwatch, self.kind.namespace
        stream = f"{self.record.name}/{host}"
        return lambda line: cloudwatch.put_line(group, stream, line)

    def observed(self, host: str, shape: InstanceShape) -> Observed:
        """Whose CPU and memory a host's metrics are."""
        dimensions: Dimensions = (("Host", f"{self.record.name}/{host}"),)
        return Observed(self.kind.namespace, dimensions, shape)

    async def until_stopped(self, work: Awaitable[Any], max_runtime_s: float | None = None) -> None:
        """Do ``work`` unless the job is stopped, or its time is up, before it ends.

        Raises:
            JobStoppedError: it was; ``work`` has been cancelled and has ended.
        """
        timer = max_runtime_s if max_runtime_s is not None else float(2**31)
        outcome = await first_of(
            work=work, stop=self.stop_requested.wait(), time_up=asyncio.sleep(timer)
        )
        if outcome != "work":
            raise JobStoppedError
