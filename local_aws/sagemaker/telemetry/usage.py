"""Measure a container's CPU and memory and publish them under SageMaker's metric names."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator

import psutil

from local_aws.sagemaker.container.instance_types import InstanceShape
from local_aws.sagemaker.telemetry.cloudwatch import CloudWatch, Dimensions

_FIRST_SAMPLE_S = 0.2
_MAX_SAMPLE_S = 5.0


@dataclasses.dataclass(frozen=True)
class Observed:
    """Whose usage it is: the metric namespace, the dimensions, and the instance's size."""

    namespace: str
    dimensions: Dimensions
    shape: InstanceShape


@dataclasses.dataclass(frozen=True)
class _Sample:
    """CPU seconds so far and resident bytes now, of a process and its descendants."""

    cpu_s: float
    resident_bytes: int


def _sample(root: psutil.Process) -> _Sample:
    """Look once through the machine's processes for the descendants, which costs the most."""
    cpu_s = float(sum(root.cpu_times()[:4]))  # its own, and its ended children's
    resident_bytes = root.memory_info().rss
    for child in root.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            cpu_s += sum(child.cpu_times()[:2])
            resident_bytes += child.memory_info().rss
    return _Sample(cpu_s, resident_bytes)


@dataclasses.dataclass
class _Window:
    """Samples since the last publication."""

    start_s: float
    start_cpu_s: float
    last_s: float = 0.0
    last_cpu_s: float = 0.0
    resident_bytes: list[int] = dataclasses.field(default_factory=list)

    def add(self, at_s: float, sample: _Sample) -> None:
        self.last_s, self.last_cpu_s = at_s, sample.cpu_s
        self.resident_bytes.append(sample.resident_bytes)


def _publish(window: _Window, observed: Observed, cloudwatch: CloudWatch) -> None:
    if not window.resident_bytes:
        return
    resident = sum(window.resident_bytes) / len(window.resident_bytes)
    memory_percent = min(100.0, 100 * resident / observed.shape.memory_bytes)
    gpus = observed.shape.gpus
    values = {"MemoryUtilization": memory_percent}
    if gpus:
        values["GPUMemoryUtilization"] = gpus * memory_percent
    elapsed_s = window.last_s - window.start_s
    if elapsed_s > 0:  # a container may end before there is a second look at it
        values["CPUUtilization"] = (
            100 * max(0.0, window.last_cpu_s - window.start_cpu_s) / elapsed_s
        )
    if gpus and elapsed_s > 0:
        # Emulated: no GPU here. The share of its threads the process keeps busy stands for each of
        # an instance's GPUs, over which AWS sums.
        busy_percent = min(100.0, values["CPUUtilization"] / observed.shape.threads)
        values["GPUUtilization"] = gpus * busy_percent
    for name, value in values.items():
        cloudwatch.put_metric(observed.namespace, name, [value], "Percent", observed.dimensions)


async def _observe(pid: int, observed: Observed, cloudwatch: CloudWatch, period_s: float) -> None:
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        first = _sample(root)
        window = _Window(time.monotonic(), first.cpu_s, resident_bytes=[first.resident_bytes])
        delay_s = _FIRST_SAMPLE_S
        try:
            while True:
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, _MAX_SAMPLE_S, max(period_s / 2, _FIRST_SAMPLE_S))
                window.add(time.monotonic(), _sample(root))
                if window.last_s - window.start_s >= period_s:
                    _publish(window, observed, cloudwatch)
                    window = _Window(window.last_s, window.last_cpu_s)
        finally:
            _publish(window, observed, cloudwatch)


@contextlib.asynccontextmanager
async def observing(
    pid: int, observed: Observed, cloudwatch: CloudWatch, period_s: float
) -> AsyncIterator[None]:
    """Publish the usage of ``pid`` each ``period_s`` and once more when the block is left."""
    task = asyncio.create_task(_observe(pid, observed, cloudwatch, period_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
