"""Run a job's container to its end and read what it left."""

import json
from pathlib import Path
from typing import Any

from local_aws.sagemaker.container.containers import ContainerSpec, running
from local_aws.sagemaker.container.instance_types import InstanceShape
from local_aws.sagemaker.errors import JobFailedError
from local_aws.sagemaker.jobs.failure_reasons import INSTANCE_LOST, algorithm_error
from local_aws.sagemaker.jobs.job_context import JobContext
from local_aws.sagemaker.telemetry.usage import observing

_FAILURE_CHARACTERS = 1024


async def run_to_end(
    context: JobContext, host: str, spec: ContainerSpec, shape: InstanceShape, failure_file: Path
) -> None:
    """Run one container; cancelling ends it with SIGTERM and the grace.

    Raises:
        JobFailedError: it could not start, or its exit code is not 0; the reason is the failure
            file's text, or else the last lines of standard error, with the exit code.
    """
    platform = context.platform
    period_s = platform.settings.metrics_period_s
    try:
        async with running(spec, context.sink(host)) as container:
            observed = context.observed(host, shape)
            async with observing(container.pid, observed, platform.cloudwatch, period_s):
                code = await container.wait()
            tail, is_lost = container.stderr_tail, container.is_instance_lost
    except OSError as error:
        raise JobFailedError(f"AlgorithmError: cannot start {spec.command[0]}: {error}") from error
    if is_lost:
        raise JobFailedError(INSTANCE_LOST)
    if code != 0:
        raise JobFailedError(algorithm_error(code, read_text(failure_file) or tail))


def read_text(path: Path) -> str:
    """The first part of a file the container may have written; empty when it has not."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(_FAILURE_CHARACTERS)
    except OSError:
        return ""


def write_json(path: Path, value: Any) -> None:
    """Write ``value``, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def resource_config(host: str, hosts: list[str], instance_type: str) -> dict[str, Any]:
    """``resourceconfig.json`` of one host."""
    return {
        "current_host": host,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": hosts,
        "instance_groups": [
            {
                "instance_group_name": "homogeneousCluster",
                "instance_type": instance_type,
                "hosts": hosts,
            }
        ],
        "network_interface_name": "lo",
    }
