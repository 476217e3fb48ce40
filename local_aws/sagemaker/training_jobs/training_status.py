"""Secondary statuses of a training job, with AWS's messages, and the time it is billed for."""

import math
import time
from typing import Any

from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.jobs.job_context import JobContext

_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Interrupted": "Spot capacity was reclaimed; waiting for capacity",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job wait time exceeded MaxWaitTimeInSeconds provided",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
}


def entered(
    transitions: list[dict[str, Any]], status: str, message: str | None = None
) -> list[dict[str, Any]]:
    """``transitions`` with the last one ended and ``status`` begun, both now."""
    now = now_s()
    ended = [{"EndTime": now, **transition} for transition in transitions]
    text = _MESSAGES[status] if message is None else message
    return [*ended, {"Status": status, "StartTime": now, "StatusMessage": text}]


def enter(context: JobContext, status: str) -> None:
    """Move a running job to a secondary status."""
    fields = context.record.fields
    context.update(
        SecondaryStatus=status,
        SecondaryStatusTransitions=entered(fields["SecondaryStatusTransitions"], status),
    )


class TrainingClock:
    """Seconds a job has held its instances, over all its attempts."""

    def __init__(self) -> None:
        self._total_s = 0.0
        self._since_s: float | None = None

    def start(self) -> None:
        """The instances are taken."""
        self._since_s = time.monotonic()

    def stop(self) -> None:
        """The instances are given back; harmless when they were."""
        self._total_s = self.seconds
        self._since_s = None

    @property
    def seconds(self) -> float:
        """So far, in all."""
        running_s = 0.0 if self._since_s is None else time.monotonic() - self._since_s
        return self._total_s + running_s

    def times(self, spot_discount: float) -> dict[str, int]:
        """``TrainingTimeInSeconds`` and ``BillableTimeInSeconds``, whole seconds, at least 1.

        AWS expresses a spot job's saving as the difference of the two, so the discount is taken
        off the billable time.
        """
        return {
            "TrainingTimeInSeconds": max(1, math.ceil(self.seconds)),
            "BillableTimeInSeconds": max(1, math.ceil(self.seconds * (1 - spot_discount))),
        }
