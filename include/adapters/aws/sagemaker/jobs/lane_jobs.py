"""SageMaker jobs of one lane: what the job lanes have in common.

A lane's own requests are in `processing_jobs`, `transform_jobs` and `spot_jobs`. A job is created
by its deterministic name; where the name is taken the job that has it is ours, and is adopted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.sagemaker_models import ServingSite, already_exists, not_found
from include.domain.errors import JobFailed
from include.domain.execution.jobs import JobRef, JobSpec, JobState, JobStatus
from include.domain.lanes import Lane

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_STATES = {
    "InProgress": JobState.IN_PROGRESS,
    "Stopping": JobState.STOPPING,
    "Completed": JobState.COMPLETED,
    "Failed": JobState.FAILED,
    "Stopped": JobState.STOPPED,
}


class LaneJobs(ABC):
    """Launch or adopt, observe, stop.

    Args:
        client: SageMaker's control plane.
        site: image, role and tags of the jobs.
    """

    lane: Lane
    kind: str
    """What SageMaker calls such a job: its answers' fields begin with it."""

    def __init__(self, client: SageMakerClient, site: ServingSite) -> None:
        self._client = client
        self._site = site

    def launch(self, spec: JobSpec, *, artifact_url: str) -> JobRef:
        """Start the job, or adopt the one that has its name; see `JobRunner.launch`."""
        try:
            self._create(spec, artifact_url)
        except ValueError as exc:
            raise JobFailed(f"{self._at(spec.name)}: {exc}") from exc
        except AwsError as exc:
            if not already_exists(exc):
                self._fail(spec.name, "SageMaker refused it", exc)
        return JobRef(self.lane, spec.name)

    def status(self, job: JobRef) -> JobStatus | None:
        """Observe the job; None where there was never one of its name."""
        try:
            return self._observe(self._describe(job.name))
        except AwsError as exc:
            if not_found(exc):
                return None
            self._fail(job.name, "cannot be observed", exc)

    def stop(self, job: JobRef) -> None:
        """Ask the job to stop; one that has ended, or never was, is left as it is."""
        try:
            self._stop(job.name)
        except AwsError as exc:
            status = None if not_found(exc) else self.status(job)
            if status is not None and status.state is JobState.IN_PROGRESS:
                self._fail(job.name, "cannot be stopped", exc)

    @abstractmethod
    def _create(self, spec: JobSpec, artifact_url: str) -> None:
        """Send the create request."""

    @abstractmethod
    def _describe(self, name: str) -> Mapping[str, Any]:
        """Send the describe request."""

    @abstractmethod
    def _stop(self, name: str) -> None:
        """Send the stop request."""

    def _observe(self, answer: Mapping[str, Any]) -> JobStatus:
        kind = self.kind
        return JobStatus(
            state=_STATES[answer[f"{kind}JobStatus"]],
            failure_reason=answer.get("FailureReason", ""),
            started_at=answer.get(f"{kind}StartTime"),
            ended_at=answer.get(f"{kind}EndTime"),
            created_at=answer.get("CreationTime"),
        )

    def _tags(self, spec: JobSpec) -> dict[str, str]:
        return {**self._site.tags, "twolane:lane": self.lane.value, **spec.tags}

    @staticmethod
    def _shards(spec: JobSpec) -> tuple[Literal["S3Prefix", "ManifestFile"], str]:
        """Data type and URI of the job's shards."""
        if spec.manifest_uri:
            return "ManifestFile", spec.manifest_uri
        return "S3Prefix", spec.input_prefix

    def _at(self, name: str) -> str:
        return f"{self.lane.value} job {name}"

    def _fail(self, name: str, what: str, exc: Exception) -> NoReturn:
        raise JobFailed(f"{self._at(name)}: {what}: {explain(exc)}") from exc
