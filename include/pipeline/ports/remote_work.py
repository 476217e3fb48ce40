"""What runs elsewhere, jobs and endpoints, as contracts."""

from __future__ import annotations

from typing import Protocol

from include.domain.execution.jobs import JobRef, JobSpec, JobStatus
from include.domain.model_ref import ModelRef


class JobRunner(Protocol):
    """SageMaker jobs of one lane. `launch` is idempotent by name."""

    def launch(self, spec: JobSpec, *, artifact_url: str) -> JobRef:
        """Start the job, or adopt the one that already has this name.

        Raises:
            JobFailed: SageMaker refuses the request.
        """
        ...

    def status(self, job: JobRef) -> JobStatus | None:
        """Observe the job; None where no job of that name was ever made."""
        ...

    def stop(self, job: JobRef) -> None:
        """Ask the job to stop; a job that has ended, or never was, is left as it is."""
        ...


class Endpoint(Protocol):
    """A SageMaker endpoint that answers JSON Lines."""

    def ensure(self, model: ModelRef, *, artifact_url: str) -> str:
        """Return the endpoint's name once it is in service, making it where there is none.

        Raises:
            EndpointUnavailable: it failed, or is not in service in time.
        """
        ...

    def invoke(self, endpoint_name: str, body: bytes) -> bytes:
        """Send request lines, return response lines. Passing failures are retried with jitter.

        Raises:
            EndpointThrottled: it takes no more calls now; retrying is the caller's, who paces.
            BodyFailed: this body is too large, takes too long, is refused, or brings the model
                down each time.
            EndpointUnavailable: it does not answer, past the retries, with the last reason.
        """
        ...
