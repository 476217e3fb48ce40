"""Spot interruptions on request: who asks, who hears it, when capacity comes back.

This is the seam for fault injection: a schedule of interruptions calls :meth:`interrupt` as the
administration path does.
"""

import asyncio
import dataclasses

from local_aws.sagemaker.concurrency import first_of
from local_aws.sagemaker.errors import JobStoppedError
from local_aws.sagemaker.jobs.job_context import JobContext

_FOR_EVER_S = float(2**31)


@dataclasses.dataclass(frozen=True)
class Interruption:
    """Capacity goes, with notice, and comes back later.

    Attributes:
        notice_s: SIGTERM to SIGKILL; EC2 gives a spot instance 120 s.
        capacity_after_s: from the instance's end until a new one can start.
    """

    notice_s: float = 120.0
    capacity_after_s: float = 0.0


class Interruptions:
    """The interruption each job has been sent, if any."""

    def __init__(self) -> None:
        self._requested: dict[str, asyncio.Event] = {}
        self._current: dict[str, Interruption] = {}

    def interrupt(self, job_name: str, interruption: Interruption) -> None:
        """Take the capacity of a running spot job; a second call before it heard replaces it."""
        self._current[job_name] = interruption
        self._event(job_name).set()

    async def requested(self, job_name: str) -> None:
        """Return when ``job_name`` is interrupted."""
        await self._event(job_name).wait()

    def notice_s(self, job_name: str, default: float) -> float:
        """Grace of an interrupted job's containers; ``default`` when none is pending."""
        if not self._event(job_name).is_set():
            return default
        return self._current[job_name].notice_s

    async def capacity(self, context: JobContext, timeout_s: float) -> bool:
        """Wait until capacity is back; False when ``timeout_s`` ends first.

        Raises:
            JobStoppedError: the job is stopped while it waits.
        """
        name = context.record.name
        self._event(name).clear()
        outcome = await first_of(
            capacity=asyncio.sleep(self._current[name].capacity_after_s),
            stop=context.stop_requested.wait(),
            time_up=asyncio.sleep(min(max(0.0, timeout_s), _FOR_EVER_S)),
        )
        if outcome == "stop":
            raise JobStoppedError
        return outcome == "capacity"

    def forget(self, job_name: str) -> None:
        """Drop what is kept for a job that has ended."""
        self._requested.pop(job_name, None)
        self._current.pop(job_name, None)

    def _event(self, job_name: str) -> asyncio.Event:
        return self._requested.setdefault(job_name, asyncio.Event())
