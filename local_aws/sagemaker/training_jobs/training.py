"""Training jobs, managed spot included: attempts, checkpoints, interruption, artifacts.

::

    Starting ─▶ Downloading ─▶ Training ─▶ Uploading ─▶ Completed
       ▲                          │ └─exit≠0─▶ Failed
       └──capacity── Interrupted ◀┘            Stopping ─▶ Uploading ─▶ Stopped
                        └─MaxWaitTimeExceeded ─▶ Stopped
"""

import time
from typing import Any

from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.container.container_files import ContainerFiles
from local_aws.sagemaker.errors import JobFailedError, JobStoppedError, validation_exception
from local_aws.sagemaker.jobs.job_context import JobContext
from local_aws.sagemaker.jobs.jobs import JobRunner
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.s3io import no_objects_message
from local_aws.sagemaker.training_jobs.training_attempt import AttemptEnd, TrainingAttempt
from local_aws.sagemaker.training_jobs.training_checks import check_training
from local_aws.sagemaker.training_jobs.training_files import archive
from local_aws.sagemaker.training_jobs.training_interruption import Interruptions
from local_aws.sagemaker.training_jobs.training_status import TrainingClock, enter, entered

_DEFAULT_MAX_RUNTIME_S = 24 * 3600


class TrainingRunner(JobRunner):
    """Runs training jobs."""

    def __init__(self, platform: Platform, interruptions: Interruptions) -> None:
        self._platform = platform
        self._interruptions = interruptions
        self._clocks: dict[str, TrainingClock] = {}

    def instances(self, request: dict[str, Any]) -> tuple[str, int]:
        """Instance type and count."""
        resources = request["ResourceConfig"]
        return resources["InstanceType"], resources["InstanceCount"]

    async def check(self, request: dict[str, Any]) -> None:
        """Refuse what AWS refuses at once."""
        check_training(request)
        for channel in request.get("InputDataConfig", ()):
            source = channel["DataSource"]["S3DataSource"]
            try:
                objects = await self._platform.s3.list_source(source["S3Uri"], source["S3DataType"])
            except JobFailedError as failure:
                raise validation_exception(failure.reason) from failure
            if not objects:
                settings, role = self._platform.settings, request["RoleArn"]
                raise validation_exception(no_objects_message(source["S3Uri"], settings, role))

    def initial_fields(self, request: dict[str, Any]) -> dict[str, Any]:
        """First secondary status, and where the artifact will be."""
        base = request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        artifacts = f"{base}/{request['TrainingJobName']}/output/model.tar.gz"
        return {
            "SecondaryStatus": "Starting",
            "SecondaryStatusTransitions": entered([], "Starting"),
            "ModelArtifacts": {"S3ModelArtifacts": artifacts},
        }

    def final_fields(self, context: JobContext, status: str, reason: str | None) -> dict[str, Any]:
        """Last secondary status, and the time to bill."""
        fields = context.record.fields
        self._interruptions.forget(context.record.name)
        clock = self._clocks.pop(context.record.name, None)
        times = clock.times(self._discount(context)) if clock and clock.seconds else {}
        exceeded = fields["SecondaryStatus"] in {"MaxRuntimeExceeded", "MaxWaitTimeExceeded"}
        if status == "Stopped" and exceeded:
            return dict(times)
        transitions = entered(fields["SecondaryStatusTransitions"], status, reason)
        transitions[-1]["EndTime"] = transitions[-1]["StartTime"]
        return {"SecondaryStatus": status, "SecondaryStatusTransitions": transitions, **times}

    async def run(self, context: JobContext) -> None:
        """Carry one job to its end."""
        clock = self._clocks[context.record.name] = TrainingClock()
        created_s = time.monotonic()
        image = context.image(context.request["AlgorithmSpecification"].get("TrainingImage", ""))
        _, count = self.instances(context.request)
        hosts = [f"algo-{number}" for number in range(1, count + 1)]
        stopping = context.request.get("StoppingCondition", {})
        max_runtime_s = stopping.get("MaxRuntimeInSeconds", _DEFAULT_MAX_RUNTIME_S)
        max_wait_s = stopping.get("MaxWaitTimeInSeconds", float("inf"))
        context.update(TrainingStartTime=now_s())
        while True:
            attempt = TrainingAttempt(context, image, hosts, self._interruptions)
            clock.start()
            try:
                end = await attempt.run(max_runtime_s - clock.seconds)
            finally:
                clock.stop()
            if end is not AttemptEnd.INTERRUPTED:
                break
            enter(context, "Interrupted")
            waited_s = time.monotonic() - created_s
            if not await self._interruptions.capacity(context, max_wait_s - waited_s):
                enter(context, "MaxWaitTimeExceeded")
                raise JobStoppedError
            enter(context, "Starting")
        if end is AttemptEnd.STOPPED:
            enter(context, "Stopping")
        await self._upload(context, attempt.files)
        if end is AttemptEnd.MAX_RUNTIME:
            enter(context, "MaxRuntimeExceeded")
        if end is not AttemptEnd.COMPLETED:
            raise JobStoppedError

    async def _upload(self, context: JobContext, files: dict[str, ContainerFiles]) -> None:
        """Upload the first host's model and every host's output data, as archives or as files."""
        enter(context, "Uploading")
        s3, output = self._platform.s3, context.request["OutputDataConfig"]
        base = f"{output['S3OutputPath'].rstrip('/')}/{context.record.name}/output"
        first = next(iter(files.values())).ml_root
        for name, folder in (("model", first / "model"), ("output", first / "output" / "data")):
            if name == "output" and not any(folder.iterdir()):
                continue
            if output.get("CompressionType", "GZIP") == "NONE":
                await s3.upload_folder(folder, f"{base}/{name}")
                continue
            target = context.folder / f"{name}.tar.gz"
            await s3.in_thread(archive, folder, target)
            await s3.upload(target, f"{base}/{name}.tar.gz")

    def _discount(self, context: JobContext) -> float:
        is_spot = context.request.get("EnableManagedSpotTraining", False)
        return self._platform.settings.spot_discount if is_spot else 0.0
